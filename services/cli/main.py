"""The commands of `kulvert`, each in a file of its own."""

import typer

from services.cli import (
    addresses,
    demo,
    doctor,
    edit,
    estimate,
    explain,
    imports,
    invoices,
    login,
    power_runs,
    price_lists,
    rebuild,
    replay,
    restored,
    show,
    simulate,
    stack,
    subscription_power,
    tariffs,
    watch,
    work_list,
)

app = typer.Typer(
    name="kulvert",
    help="Kulvert on this machine: start it, look at it, use it.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # They would print passwords.
)
app.command()(demo.demo)
app.command()(stack.up)
app.command()(stack.down)
app.command()(stack.status)
app.command()(addresses.addresses)
app.command()(doctor.doctor)
app.command()(login.login)
app.command()(rebuild.rebuild)
app.command()(replay.replay)
app.command()(restored.restored)
app.command()(simulate.simulate)
app.command()(subscription_power.subscription_power)
app.command()(work_list.work_list)
app.command()(watch.watch)
app.add_typer(imports.app, name="import")
app.add_typer(show.app, name="show")
app.add_typer(invoices.app, name="invoices")
app.add_typer(power_runs.app, name="power-runs")
app.add_typer(explain.app, name="explain")
app.add_typer(edit.app, name="edit")
app.add_typer(estimate.app, name="estimate")
app.add_typer(tariffs.app, name="tariffs")
app.add_typer(price_lists.app, name="price-lists")

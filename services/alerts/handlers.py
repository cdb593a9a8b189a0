"""What the service does with changed figures, rules and acknowledgements: load, judge, store, tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from schemas.alerts import AlertChanged, Happening, Quantity
from schemas.topics import ALERTS
from schemas.values import PointId, UserId
from services.alerts import metrics
from services.alerts.core.differences import Stored, differences
from services.alerts.core.episodes import Episode, Window, episodes
from services.alerts.core.rules import Rule
from services.alerts.core.series import Calendar
from services.alerts.judging import EVERYTHING, Touched, windows
from services.alerts.store import episodes as stored
from services.alerts.store import rules as rule_store
from services.common import outbox
from services.common.postgres import Transaction

SCHEMA = "alerts"


@dataclass(frozen=True)
class Judge:
    """How figures are judged and whom it concerns: the calendar, and how young an hour must be to be told."""

    calendar: Calendar
    tell_within: timedelta

    async def figures(
        self, tx: Transaction, touched: Mapping[PointId, Touched], quantities: Sequence[Quantity], now: datetime
    ) -> None:
        """Judge what changed figures touch, store the episodes that follow, and tell of what is new.

        Everything is read from what is stored, so figures that come twice, late or in another order end alike.
        """
        rules = await rule_store.lock_rules(tx, touched, quantities)
        await self._rules(tx, rules, touched, now)

    async def rule(self, tx: Transaction, rule: Rule, now: datetime) -> None:
        """Judge all that is stored by a new or changed rule."""
        await self._rules(tx, [rule], {rule.point_id: Touched(EVERYTHING.first, EVERYTHING.end)}, now)

    async def _rules(
        self, tx: Transaction, rules: Sequence[Rule], touched: Mapping[PointId, Touched], now: datetime
    ) -> None:
        if not rules:
            return
        found = await windows(tx, rules, touched, self.calendar, int(now.timestamp()))
        standing = await stored.standing(tx, [rule.rule_id for rule in rules])
        for rule in rules:
            await self._judge(tx, rule, found[rule], standing[rule.rule_id], now)

    async def _judge(
        self, tx: Transaction, rule: Rule, window: Window, standing: Sequence[Stored], now: datetime
    ) -> None:
        inside = [one for one in standing if window.holds(one.opened_s, one.closed_s)]
        change = differences(inside, episodes(window.series, rule))
        await stored.withdraw(tx, [one.episode_id for one in change.withdrawn])
        for gone in change.withdrawn:
            if _was_told(gone):
                await tell(tx, rule, gone, Happening.WITHDRAWN)
        for old, new in change.changed:
            is_news = not _was_told(old) and self._is_young(new.sure_s, now)
            await stored.change(tx, old.episode_id, new, is_news)
            await self._tell(tx, rule, _as_stored(old.episode_id, new), old if _was_told(old) else None, is_news)
        for new in change.opened:
            episode_id, is_news = uuid4(), self._is_young(new.sure_s, now)
            await stored.add(tx, episode_id, rule.rule_id, rule.point_id, new, is_news)
            await self._tell(tx, rule, _as_stored(episode_id, new), None, is_news)
        metrics.EPISODES.labels("opened").inc(len(change.opened))
        metrics.EPISODES.labels("changed").inc(len(change.changed))
        metrics.EPISODES.labels("withdrawn").inc(len(change.withdrawn))

    async def _tell(self, tx: Transaction, rule: Rule, now: Stored, told: Stored | None, is_news: bool) -> None:
        if is_news:
            await tell(tx, rule, now, Happening.OPENED)
        # Where a correction only moved the end of a closed one, nothing happened that is worth telling.
        if now.closed_s is not None and (is_news or (told is not None and told.closed_s is None)):
            await tell(tx, rule, now, Happening.CLOSED)

    def _is_young(self, sure_s: int, now: datetime) -> bool:
        return datetime.fromtimestamp(sure_s, UTC) >= now - self.tell_within


async def tell(tx: Transaction, rule: Rule, episode: Stored, happening: Happening) -> None:
    """Tell of an episode in My Pages and on the topic, in the transaction that stores it."""
    if happening is not Happening.ACKNOWLEDGED:
        await stored.tell(tx, episode.episode_id, happening)
    event = AlertChanged(
        episode_id=episode.episode_id,
        rule_id=rule.rule_id,
        point_id=rule.point_id,
        user_id=rule.user_id,
        happening=happening,
        quantity=rule.quantity,
        direction=rule.direction,
        opened_at=datetime.fromtimestamp(episode.opened_s, UTC),
        closed_at=None if episode.closed_s is None else datetime.fromtimestamp(episode.closed_s, UTC),
        extreme=episode.extreme,
        limit_value=episode.limit,
    )
    await outbox.add(tx, SCHEMA, ALERTS, str(rule.point_id), event)


async def put_rule(tx: Transaction, judge: Judge, rule: Rule, now: datetime) -> bool:
    """Store a rule and judge all that is stored by it; False where nothing changed."""
    changed = await rule_store.put_rule(tx, rule)
    if changed:
        await judge.rule(tx, rule, now)
    return changed


async def acknowledge(tx: Transaction, rule: Rule, episode: Stored, user_id: UserId | None) -> bool:
    """Note that an open episode was seen, and tell operators; False where it is over or was seen before."""
    acknowledged = await stored.acknowledge(tx, episode.episode_id, user_id)
    if acknowledged:
        metrics.EPISODES.labels("acknowledged").inc()
        await tell(tx, rule, episode, Happening.ACKNOWLEDGED)
    return acknowledged


def _was_told(episode: Stored) -> bool:
    return isinstance(episode, stored.Known) and episode.told


def _as_stored(episode_id: UUID, episode: Episode) -> Stored:
    return Stored(episode_id, episode.opened_s, episode.closed_s, episode.extreme, episode.limit)

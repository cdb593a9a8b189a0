"""An interface that answers with plain JSON alone, whatever goes wrong."""

import httpx
import pytest
from fastapi import FastAPI
from psycopg import OperationalError

from services.common import web
from services.common.beside import Beside
from services.common.plain_problems import PlainProblems
from services.common.settings import Settings


def app() -> FastAPI:
    api = web.app("test", Settings.model_validate({"database_url": "x", "kafka_bootstrap": "x"}))

    @api.get("/api/away")
    async def away() -> None:
        raise OperationalError

    @api.get("/api/broken")
    async def broken() -> None:
        raise ZeroDivisionError

    @api.get("/api/number")
    async def number(of: int) -> dict[str, int]:
        return {"of": of}

    api.add_middleware(PlainProblems)
    return api


async def asked(path: str) -> httpx.Response:
    beside = Beside(web_app("v1"), path="/api", other=app())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(beside), base_url="http://x") as client:
        return await client.get(path)


def web_app(word: str) -> FastAPI:
    api = FastAPI()

    @api.get("/{rest:path}")
    async def answer() -> str:
        return word

    return api


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/away", 503),
        ("/api/broken", 500),
        ("/api/nothing", 404),
        ("/api/number", 400),
        ("/api/number?of=x", 400),
        ("/api/number?of=1&of=2", 400),
        ("/api/a%00b", 400),
    ],
)
async def test_whatever_goes_wrong_is_said_in_plain_json(path: str, status: int) -> None:
    answer = await asked(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")
    assert answer.json()["status"] == status
    assert int(answer.headers["content-length"]) == len(answer.content)


async def test_what_goes_well_is_left_as_it_is() -> None:
    assert (await asked("/api/number?of=1")).json() == {"of": 1}


@pytest.mark.parametrize("path", ["/", "/apix", "/other/api"])
async def test_only_what_lies_below_the_path_is_the_other_apps(path: str) -> None:
    assert (await asked(path)).json() == "v1"

"""Engines by name: options checked, errors that say what to do."""

import pytest
from pydantic import BaseModel, ConfigDict

from backends.engines import engine_names, make_engine
from backends.errors import EngineUnavailableError, InputError, UnknownEngineError


class ToyOptions(BaseModel):
    model_config = ConfigDict(extra="forbid")
    strength: float = 1.0


class Toy:
    Options = ToyOptions

    def __init__(self, options: ToyOptions) -> None:
        self.strength = options.strength


class Plain:
    pass


TABLE = {
    "toy": f"{__name__}:Toy",
    "plain": f"{__name__}:Plain",
    "absent": "a_package_that_is_not_there.engine:Engine",
}


def test_options_reach_the_engine() -> None:
    assert make_engine("toy", TABLE, "toy").strength == 1
    assert make_engine("toy", TABLE, "toy", {"strength": 0.5}).strength == 0.5
    assert isinstance(make_engine("toy", TABLE, "plain", {}), Plain)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("toy", {"strength": "much"}, "strength: .*number"),
        ("toy", {"colour": 1}, "colour"),
        ("plain", {"colour": 1}, "has no options; leave out colour"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    name: str, options: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        make_engine("toy", TABLE, name, options)


def test_an_engine_that_cannot_be_imported_names_its_extra() -> None:
    with pytest.raises(EngineUnavailableError, match=r"prosopon\[absent\]"):
        make_engine("toy", TABLE, "absent")


def test_an_unknown_engine_names_the_known() -> None:
    with pytest.raises(UnknownEngineError, match="'nothing'; known are toy, plain, absent"):
        make_engine("toy", TABLE, "nothing")
    assert engine_names("toy", TABLE) == ("toy", "plain", "absent")


def test_a_fault_of_ours_is_not_told_as_a_missing_package() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"backends\.absent"):
        make_engine("toy", {"broken": "backends.absent:Engine"}, "broken")

"""docs/recipes.md: each answer is a whole mapping that loads without a warning, and whose cases come out as shown."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from bridge.cli.testing.report import describe
from bridge.configuration import Configuration, load_configuration
from bridge.located import parse_yaml
from bridge.mappings.schema import mapping_schema
from bridge.rehearsal import Rehearsal, Stage
from bridge.settings import Settings

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "recipes.md").read_text(encoding="utf-8")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SETTINGS = Settings.from_environ({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One question of the page, and what stands below it."""

    question: str
    answer: str

    def blocks(self, language: str) -> list[str]:
        """Give what stands between fences of a language."""
        return re.findall(rf"^```{language}\n(.*?)^```$", self.answer, re.DOTALL | re.MULTILINE)

    def load(self, folder: Path, environ: dict[str, str]) -> Configuration:
        """Save the blocks where the page says, and load them as `pinbridge test` does."""
        for text in self.blocks("yaml"):
            name = "sources.yaml" if text.startswith("# sources.yaml\n") else "recipe.yaml"
            assert not (folder / name).exists(), f"two blocks are {name}"
            (folder / name).write_text(text, encoding="utf-8")
        return load_configuration(folder, environ, secrets_are_required=False)


RECIPES = [
    Recipe(question=question, answer=answer)
    for question, answer in re.findall(r"^### (.+)\n((?:(?!###? ).*\n)*)", PAGE, re.MULTILINE)
]
QUESTIONS = [recipe.question for recipe in RECIPES]


def test_there_are_many_questions_and_none_twice() -> None:
    """Each asks how something is done."""
    assert len(QUESTIONS) >= 15
    assert len({question.lower() for question in QUESTIONS}) == len(QUESTIONS)
    assert [question for question in QUESTIONS if not re.fullmatch(r"How do I [^?]+\?", question)] == []


def test_the_contents_name_every_question() -> None:
    """In its order; that each link leads there is held for all pages."""
    assert re.findall(r"^  - \[(.+)\]\(#", PAGE, re.MULTILINE) == QUESTIONS


def test_every_block_of_the_page_belongs_to_a_question() -> None:
    """So that none goes untried."""
    assert PAGE.count("\n```yaml\n") == sum(len(recipe.blocks("yaml")) for recipe in RECIPES)


@pytest.mark.parametrize("recipe", RECIPES, ids=QUESTIONS)
def test_a_recipe_makes_what_it_shows(recipe: Recipe, tmp_path: Path) -> None:
    """It fits the schema, loads without a warning, and each of its cases passes, one of which shows the pin."""
    configuration = recipe.load(tmp_path, {})
    (mapping,) = configuration.mappings.mappings.values()
    assert configuration.mappings.warnings == ()
    Draft7Validator(mapping_schema()).validate(parse_yaml("recipe", (tmp_path / "recipe.yaml").read_bytes()).plain())
    stage = Stage(
        mappings=configuration.mappings,
        sources=configuration.sources,
        horizon_s=SETTINGS.horizon,
        max_body_bytes=SETTINGS.max_body,
    )
    failed = [result for case in mapping.cases if not (result := stage.run(mapping, case)).has_passed]
    assert not failed, "\n".join(line for result in failed for line in describe(result))
    assert "body" in {case.expect.kind for case in mapping.cases}


@pytest.mark.parametrize("recipe", RECIPES, ids=QUESTIONS)
def test_the_pin_of_a_recipe_can_be_drawn_before_the_first_event(recipe: Recipe, tmp_path: Path) -> None:
    """As it is when the mapping is first loaded; a family has no pin yet."""
    loaded = recipe.load(tmp_path, {})
    rehearsal = Rehearsal(loaded.mappings, loaded.sources, horizon_s=SETTINGS.horizon, max_body_bytes=SETTINGS.max_body)
    for pin, name in loaded.mappings.literal_pins().items():
        assert rehearsal.render(name, pin, NOON).notes == ()


def test_what_is_exported_decides_the_pin(tmp_path: Path) -> None:
    """For staging nothing is set; for production every name that the page exports is one that the mapping reads."""
    (recipe,) = (recipe for recipe in RECIPES if recipe.blocks("sh"))
    exported = dict(re.findall(r"(\w+)=(\S+)", recipe.blocks("sh")[0]))
    assert {name for name in exported if f"${{{name}:-" in recipe.answer} == set(exported)
    (tmp_path / "staging").mkdir()
    (tmp_path / "production").mkdir()
    assert set(recipe.load(tmp_path / "staging", {}).mappings.literal_pins()) == {"p-shop-staging"}
    assert set(recipe.load(tmp_path / "production", exported).mappings.literal_pins()) == {"p-shop-production"}

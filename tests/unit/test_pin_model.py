from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from bridge.pin_model import MAX_FINDINGS, PIN_ID, PIN_TYPES, Fitted, fit


def fit_content(content: object, pin_type: str | None = None) -> Fitted:
    """Fit a body that holds nothing but this content."""
    return fit({"metadata": {"pin_config": content}}, pin_type)


def cards(**card: object) -> dict[str, Any]:
    """Give content of one card, good unless told otherwise."""
    return {"cards": [{"title": "Sales", "value": "1", **card}]}


def flaws(fitted: Fitted) -> list[str]:
    """Give the flaws as an author reads them."""
    return [str(flaw) for flaw in fitted.flaws]


def test_the_examples_of_the_update_pin_page_pass_untouched() -> None:
    """What Pindown shows as good is good, without a note."""
    bodies: list[dict[str, Any]] = [
        {"metadata": {"pin_config": cards(value="$145,890", change="+32.1%", trend="up")}},
        {
            "metadata": {
                "pin_config": {
                    "columns": [
                        {"id": "product", "label": "Product", "type": "text"},
                        {"id": "sales", "label": "Sales", "type": "number"},
                    ],
                    "rows": [{"product": "Widget A", "sales": 1520}],
                }
            }
        },
        {"metadata": {"title": "Q4", "tags": ["revenue", "q4"]}},
        {"is_public": True, "allow_comments": True, "require_sign_in": False, "allow_edit": False},
        {},
    ]
    for body in bodies:
        fitted = fit(body)
        assert (fitted.body, fitted.flaws, fitted.notes, fitted.coerced) == (body, (), (), ())


@pytest.mark.parametrize(
    ("content", "pin_type"),
    [
        ({"cards": []}, "stat-cards"),
        ({"columns": [], "rows": []}, "table"),
        ({"content": "# Hi"}, "markdown"),
        ({"mediaType": "image"}, "text-media"),
        ({"columns": []}, None),
        ({"lanes": []}, None),
    ],
)
def test_a_type_that_is_not_given_is_read_from_the_shape(content: object, pin_type: str | None) -> None:
    """An author need not say what the content shows."""
    assert fit_content(content).pin_type == pin_type


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        (Decimal("2.50"), "2.50"),
        (Decimal("1E+3"), "1000"),
        (0.1, "0.1"),
        (3.0, "3"),
        (1e16, "10000000000000000"),
        (-0.0, "0"),
        (1e300, "1E+300"),
        (None, "–"),
        (datetime(2026, 11, 22, 20, 0, tzinfo=UTC), "2026-11-22T20:00:00+00:00"),
    ],
)
def test_a_number_a_time_and_nothing_become_text_where_text_is_wanted(value: object, text: str) -> None:
    """Numbers are written out as people write them, and exactly."""
    fitted = fit_content(cards(value=value))
    assert fitted.body["metadata"]["pin_config"]["cards"][0]["value"] == text
    assert fitted.flaws == ()
    assert fitted.coerced[0].path == ("metadata", "pin_config", "cards", 0, "value")


def test_title_and_tags_are_text() -> None:
    """They are coerced like all other text."""
    fitted = fit({"metadata": {"title": 7, "tags": [2026, "q4"]}})
    assert fitted.body == {"metadata": {"title": "7", "tags": ["2026", "q4"]}}


@pytest.mark.parametrize("value", [True, [], {}, float("nan"), float("inf"), Decimal("sNaN"), 10**1000])
def test_what_has_no_text_is_a_flaw_with_its_place(value: object) -> None:
    """A boolean above all: no one wants to read "True" on a dashboard."""
    fitted = fit_content(cards(value=value))
    assert flaws(fitted)[0].startswith("metadata.pin_config.cards[0].value: text is wanted here, found ")


def test_a_card_needs_title_and_value() -> None:
    """Every card is looked at, and each flaw names its card."""
    fitted = fit_content({"cards": [{"title": "Sales"}, "x"]})
    assert flaws(fitted) == [
        "metadata.pin_config.cards[0]: 'value' is missing in a card",
        "metadata.pin_config.cards[1]: an object is wanted for a card, found text",
    ]


@pytest.mark.parametrize("content", [{"cards": []}, {"cards": {}}, {}])
def test_stat_cards_need_cards(content: object) -> None:
    """An update replaces the whole content, so that a pin without cards would be blank."""
    assert len(fit_content(content, "stat-cards").flaws) == 1


def test_an_unknown_trend_is_a_note_and_an_absent_one_is_left_out() -> None:
    """A trend is a keyword: a dash would be none."""
    strange = fit_content(cards(trend="upp"))
    assert strange.flaws == ()
    assert "did you mean 'up'?" in strange.notes[0].message
    absent = fit_content(cards(trend=None))
    assert absent.body["metadata"]["pin_config"] == cards()


def test_an_unknown_field_of_a_card_is_noted_once() -> None:
    """A template repeats its typing error in every card."""
    content = {"cards": [{"title": "a", "value": "b", "chnge": "c"}] * 3}
    assert [note.message for note in fit_content(content).notes] == [
        "a card has no field 'chnge'; did you mean 'change'?"
    ]


@pytest.mark.parametrize("heading", ["label", "name"])
def test_a_column_has_either_heading(heading: str) -> None:
    """Older pages of the API say label, later ones name."""
    assert fit_content({"columns": [{"id": "a", heading: "A"}], "rows": []}).flaws == ()


def test_a_column_without_heading_or_with_a_second_id_is_a_flaw() -> None:
    """Rows are keyed by the id, so it must be there and be unique."""
    content = {"columns": [{"id": "a", "label": "A"}, {"id": "a", "label": "B"}, {"id": None}], "rows": []}
    assert flaws(fit_content(content)) == [
        "metadata.pin_config.columns[2]: a column needs a heading, as 'label' or as 'name', whichever its pin shows",
        "metadata.pin_config.columns[2].id: an id is wanted here, found nothing (null)",
        "metadata.pin_config.columns[1].id: the column id 'a' stands twice",
    ]


def test_cells_are_text_or_numbers_and_nothing_is_a_dash() -> None:
    """A number stays a number in a table."""
    content = {"columns": [{"id": "a", "label": "A"}], "rows": [{"a": 1.5}, {"a": None}, {"a": "x"}, {}]}
    fitted = fit_content(content)
    assert fitted.body["metadata"]["pin_config"]["rows"] == [{"a": 1.5}, {"a": "–"}, {"a": "x"}, {}]
    assert fitted.flaws == ()


def test_a_cell_under_no_column_is_a_note() -> None:
    """Once for all rows, with the nearest id."""
    content = {"columns": [{"id": "sales", "label": "A"}], "rows": [{"sale": 1}, {"sale": 2}]}
    (note,) = fit_content(content).notes
    assert str(note) == "metadata.pin_config.rows[0].sale: no column has the id 'sale'; did you mean 'sales'?"


def test_a_table_needs_columns_and_rows() -> None:
    """Under both names of the type."""
    assert flaws(fit_content({"columns": []}, "flexible-table")) == [
        "metadata.pin_config: 'rows' is missing in a table",
        "metadata.pin_config.columns: at least 1 is wanted in this list of columns, found none",
    ]


def test_markdown_is_text() -> None:
    """A list is not joined on the quiet."""
    assert fit_content({"content": "# Hi", "collaboration": {"enabled": True}}).flaws == ()
    assert flaws(fit_content({"cards": []}, "markdown")) == ["metadata.pin_config: 'content' is missing in markdown"]
    assert flaws(fit_content({"content": ["# Hi"]})) == [
        "metadata.pin_config.content: text is wanted here, found a list"
    ]


def test_text_media_needs_what_its_medium_calls_for() -> None:
    """An image needs imageConfig, an embed embedConfig."""
    good = {
        "title": "T",
        "mediaType": "embed",
        "embedConfig": {"type": "loom", "url": "https://x", "aspectRatio": "16:9"},
    }
    assert fit_content(good).flaws == ()
    assert flaws(fit_content({"cards": []}, "text-media"))[0].startswith(
        "metadata.pin_config: there is nothing to show in text-media"
    )
    assert flaws(fit_content({"mediaType": "image", "textPosition": "top"})) == [
        "metadata.pin_config.textPosition: 'left' or 'right' is wanted here, found 'top'",
        "metadata.pin_config: 'imageConfig' is missing: the mediaType is 'image'",
    ]


def test_content_of_another_type_passes_and_a_note_says_that_it_is_not_checked() -> None:
    """Nothing is made up about types whose fields are not public."""
    content = {"lanes": [None, Decimal("1.50")]}
    told = {
        "kanban-board": "the content is not checked: the fields of 'kanban-board' pins are not public",
        "kanban": "the content is not checked: 'kanban' is no known pin type; did you mean 'kanban-board'?",
        None: "the content is not checked: no type is given, and its shape is that of no known type",
    }
    for pin_type, message in told.items():
        fitted = fit_content(content, pin_type)
        assert fitted.body["metadata"]["pin_config"] == content
        assert (fitted.flaws, fitted.notes[0].message) == ((), message)


def test_only_the_fields_of_the_update_pin_page_are_sent() -> None:
    """An unknown field is a flaw with the nearest word, or with where it belongs."""
    fitted = fit({"pin_config": {}, "is_publik": True, "metadata": {"titel": "x"}, "allow_edit": "yes"})
    assert flaws(fitted) == [
        "pin_config: an update has no field 'pin_config'; it belongs in metadata",
        "is_publik: an update has no field 'is_publik'; did you mean 'is_public'?",
        "metadata.titel: metadata has no field 'titel'; did you mean 'title'?",
        "allow_edit: true or false is wanted here, found text",
    ]


@pytest.mark.parametrize("body", [None, [], "x", 3])
def test_a_body_that_is_no_object_is_a_flaw(body: object) -> None:
    """And the fitted body is empty then, never something else."""
    fitted = fit(body)
    assert fitted.body == {}
    assert flaws(fitted)[0].startswith("the body: an object is wanted for an update")


@pytest.mark.parametrize(
    ("leaf", "reason"),
    [
        ("\ud800", "half of a surrogate pair"),
        (2**64, "a whole number beyond 64 bits"),
        (float("inf"), "an infinite or undefined number"),
        (Decimal("NaN"), "an infinite or undefined number"),
        (b"x", "a bytes"),
        ({1: "x"}, "a key that is not text"),
    ],
)
def test_what_json_cannot_carry_is_a_flaw_in_any_type(leaf: object, reason: str) -> None:
    """It would fail in the encoder, where nobody knows the place."""
    assert flaws(fit_content({"any": leaf}))[0].endswith(f"{reason} cannot be sent as JSON")


def test_deep_nesting_is_a_flaw_and_not_a_recursion_error() -> None:
    """A payload put into a body as it came may nest as deep as it likes."""
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    (flaw,) = fit_content({"any": deep}).flaws
    assert "nests deeper than 100 levels" in flaw.message


def test_the_given_body_is_left_as_it_was() -> None:
    """Fitting makes new objects where it changes something."""
    body = {"metadata": {"pin_config": cards(value=3, trend=None)}}
    fit(body)
    assert body == {"metadata": {"pin_config": cards(value=3, trend=None)}}


def test_findings_are_bounded() -> None:
    """Ten thousand bad cards do not make ten thousand lines."""
    fitted = fit_content({"cards": [{}] * 10_000})
    assert len(fitted.flaws) == MAX_FINDINGS


def test_pin_ids_keep_their_case_and_end_where_they_end() -> None:
    """Ids are push keys; a trailing newline is none of them."""
    assert PIN_ID.match("p-NxY_-7")
    assert not any(PIN_ID.match(text) for text in ("p-", "p-a\n", "x-a", "p-a/b", f"p-{'a' * 65}", "p-ä"))


def test_the_public_type_names_are_known() -> None:
    """The names of both public lists."""
    assert len(PIN_TYPES) == 34
    assert {"stat-cards", "table", "flexible-table", "markdown", "text-media"} <= PIN_TYPES

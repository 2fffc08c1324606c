"""What Jinja's parser does not understand, in an author's words, at the very character.

Jinja tells lines only. Where a template is wrong it is parsed once more, with the index of each
token in the place of its line, so that every part of the tree and every error knows where it stands.
"""

import re
from collections.abc import Iterator

from jinja2 import TemplateSyntaxError, nodes
from jinja2.lexer import TokenStream
from jinja2.parser import Parser

from bridge.mappings.expressions.filters import DIALECT
from bridge.spelling import suggest

_TAGS = ("if", "elif", "else", "endif", "for", "endfor", "set", "endset", "with", "endwith", "filter", "endfilter")
_BLOCK = re.compile(r"\{%[-+]?\s*(end)?(\w+)(?:(?!%\}).)*", re.DOTALL)
_OPENING = frozenset({"if", "for", "set", "with", "filter"})
_OTHERWISE = {
    "$": "; a path stands in 'extract', and the name of its variable here",
    "@": "; a path stands in 'extract', and the name of its variable here",
    "?": "; write a choice as 'a if condition else b'",
    "&": "; write 'and'",
    "!": "; write 'not'",
    "`": "; a text stands in '…'",
    "'": "; the quote that opens this text is never closed",
    '"': "; the quote that opens this text is never closed",
}
"""What is meant by characters that Jinja does not know."""

_TOO_EARLY = "the expression ends too early; a value or a name is missing here"
_MEANT = tuple(
    (re.compile(complaint), meaning)
    for complaint, meaning in (
        (r"^expected token 'end of .+', got '='", "'=' compares nothing; write '=='"),
        (r"^expected token 'end of .+', got", "{found} does not belong to what stands before it; {advice}"),
        (r"^expected token 'name', got '\|'", "'||' is no operator; write 'or'"),
        (r"got 'end of|^unexpected 'end of|^expected name or number", _TOO_EARLY),
        (r"^unexpected '\}', expected '(.)'", "a '{0}' is missing before this"),
        (r"^unexpected '\}'", "this '}}' closes nothing; '{{{{' is closed by '}}}}', and '{{%' by '%}}'"),
        (r"^unexpected '([)\]])'", "this '{0}' closes nothing"),
        (
            r"^expected token ':', got",
            "an object is written as {{key: value}}; '{{{{' stands once around an expression",
        ),
        (r"^expected token 'in'", "a loop is written as {{% for item in items %}}"),
        (r"^can't assign to", "'set' is written as {{% set name = value %}}"),
        (r"^Missing end of comment", "the comment '{{#' is never closed by '#}}'"),
        (r"^Missing end of raw", "'{{% raw %}}' is never closed by '{{% endraw %}}'"),
        (r"^tag name expected", "a word such as if or for is missing after '{{%'"),
        (r"^invalid syntax for function call", "arguments with a name come after those without"),
        (r"^unexpected char ", "unexpected {found}{otherwise}"),
        (r"^expected token 'name', got|^unexpected '", "{found} cannot stand here; a value or a name is wanted"),
    )
)


def parse_by_index(text: str) -> nodes.Template:
    """Parse a template to a tree in which `lineno` is the index of the part's first token.

    Raises `TemplateSyntaxError`, whose `lineno` is the index too, as far as the parser knows it.
    """
    parser = Parser(DIALECT, "")
    parser.stream = TokenStream(DIALECT.lexer.wrap(_indexed(text)), None, None)
    return parser.parse()


def _indexed(text: str) -> Iterator[tuple[int, str, str]]:
    at = 0
    try:
        for _, token, value in DIALECT.lexer.tokeniter(text, None):
            at = max(text.find(value, at), at)
            yield at, token, value
            at += len(value)
    except TemplateSyntaxError as error:
        error.lineno = at  # the lexer's own errors know their line
        raise


def explain_syntax(text: str) -> tuple[str, int]:
    """Say what is wrong with a template that cannot be parsed, and at which index."""
    try:
        parse_by_index(text)
    except TemplateSyntaxError as error:
        told, index = error.message or "", error.lineno
    else:
        return "it cannot be read", 0
    if told.startswith("Missing end of"):
        index = text.rfind("{", 0, index)
    if told.startswith("unexpected end of template"):
        return _unclosed(text)
    if "nexpected end of template" in told or told.startswith("Encountered unknown tag"):
        return _block_fault(text, told, index)
    return _meaning(text, told, index), index


def _unclosed(text: str) -> tuple[str, int]:
    """Find the last `{{` or `{%`: nothing closes it."""
    index = max(text.rfind("{{"), text.rfind("{%"))
    closing = "}}" if text[index : index + 2] == "{{" else "%}"
    return f"this '{text[index : index + 2]}' is never closed by '{closing}'", index


def _block_fault(text: str, told: str, index: int) -> tuple[str, int]:
    open_block = re.search(r"needs to be closed is '(\w+)'", told)
    if told.startswith("Unexpected end") and open_block is not None:
        return f"'{{% {open_block[1]} %}}' is never closed by '{{% end{open_block[1]} %}}'", _innermost(text)
    tag = re.sub(r"^.*?unknown tag '(\w+)'.*$", r"\1", told)
    if open_block is not None and tag in _TAGS:
        wanted = re.findall(r"'(\w+)'", told)[1:-1]
        return f"'{tag}' does not fit here: '{open_block[1]}' is open, and wants {' or '.join(wanted)}", index
    if tag in _TAGS:
        return f"'{tag}' does not fit here: no block is open", index
    return f"unknown tag {tag!r}{suggest(tag, _TAGS) or '; there are if, for, set, with and filter'}", index


def _innermost(text: str) -> int:
    """Give the index of the last tag that opens a block which nothing closes."""
    opened: list[int] = []
    for tag in _BLOCK.finditer(text):
        if tag[1] and opened:
            opened.pop()
        elif tag[2] in _OPENING and (tag[2] != "set" or "=" not in tag[0]):
            opened.append(tag.start())
    return opened[-1] if opened else 0


def _meaning(text: str, told: str, index: int) -> str:
    found = re.match(r"'[^']{0,40}'|\"[^\"]{0,40}\"|\w{1,40}|.", text[index:])
    shown = "this" if found is None else found[0] if len(found[0]) > 1 and found[0][0] in "'\"" else repr(found[0])
    tag = re.match(r"\{\{[-+]?\s*(if|for)\s", text[max(text.rfind("{{", 0, index), 0) :])
    advice = "an operator is missing between them, or a filter's arguments are not in parentheses"
    if tag is not None:
        advice = "'if' and 'for' stand in '{% %}'; a choice is written as 'a if condition else b'"
    for complaint, meaning in _MEANT:
        if match := complaint.search(told):
            otherwise = _OTHERWISE.get(text[index : index + 1], "")
            return meaning.format(*match.groups(), found=shown, advice=advice, otherwise=otherwise)
    return told or "it cannot be read"

"""Following a real folder with a real watch: whatever is done to it, what runs ends as what is written."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog

from bridge.configuration import Configuration, ConfigurationLoader, read_folder
from bridge.errors import StoreUnavailable
from bridge.reload import Reloader

MAPPING = """
pin: p-{0}
triggers: [{{source: shop, extract: {{amount: $.amount}}}}]
update: {{metadata: {{title: "{{{{ amount }}}}"}}}}
"""
SOURCES = "shop: {verify: none, dedupe: off}\n"


def write(path: Path, pin: str) -> None:
    """Write a mapping in place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(MAPPING.format(pin))


async def eventually(holds: Callable[[], bool], within_s: float = 15.0) -> None:
    """Wait until something holds, and fail where it does not in time."""
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 - what it waits for happens on a disk
            await asyncio.sleep(0.02)


class Followed:
    """A folder that is followed, and every configuration that was swapped in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.loader = ConfigurationLoader(folder, {})
        self.swapped = [self.loader.compile(read_folder(folder))]
        self.unavailable = 0
        self.reloader = Reloader(self.loader, self.swapped[0], swap=self.swap, look_every_s=None)

    async def swap(self, configuration: Configuration) -> None:
        """Take a configuration, or refuse it as a store out of reach does."""
        if self.unavailable:
            self.unavailable -= 1
            raise StoreUnavailable("locked", retry_after_s=1)
        self.swapped.append(configuration)

    @property
    def pins(self) -> dict[str, str]:
        """The pins that run, by mapping."""
        return {mapping: pin for pin, mapping in self.swapped[-1].mappings.literal_pins().items()}

    @property
    def errors(self) -> list[str]:
        """Why the newest change is refused."""
        return [str(problem) for problem in self.reloader.refused]

    async def shows(self, **pins: str) -> None:
        """Wait until exactly these pins run, and nothing is refused."""
        wanted = {name: f"p-{pin}" for name, pin in pins.items()}
        await eventually(lambda: self.pins == wanted and not self.errors)

    async def refuses(self, words: str) -> None:
        """Wait until the newest change is refused for a reason with these words."""
        await eventually(lambda: any(words in error for error in self.errors))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow until the block ends."""
        self.task = asyncio.create_task(self.reloader.run())
        try:
            yield
        finally:
            self.reloader.stop()
            await asyncio.wait_for(self.task, 5)


@pytest.fixture
async def followed(tmp_path: Path) -> AsyncIterator[Followed]:
    """Give a folder with the mapping `a` on the pin `p-a`, followed."""
    folder = tmp_path / "mappings"
    write(folder / "a.yaml", "a")
    (folder / "sources.yaml").write_text(SOURCES)
    followed = Followed(folder)
    async with followed.running():
        yield followed


async def test_files_that_come_change_and_go_are_taken(followed: Followed) -> None:
    """Also in a folder that is made meanwhile; a mapping that did not change is the very one of before."""
    untouched = followed.swapped[0].mappings.mappings["a"]
    write(followed.folder / "ops" / "deep" / "b.yaml", "b")
    await followed.shows(**{"a": "a", "ops/deep/b": "b"})
    write(followed.folder / "ops" / "deep" / "b.yaml", "c")
    await followed.shows(**{"a": "a", "ops/deep/b": "c"})
    assert followed.swapped[-1].mappings.mappings["a"] is untouched
    shutil.rmtree(followed.folder / "ops")
    await followed.shows(a="a")


async def test_what_says_the_same_is_not_swapped(followed: Followed) -> None:
    """Neither a file that is written anew as it was, nor what editors leave beside it."""
    write(followed.folder / "a.yaml", "a")
    for name in (".a.yaml.swp", "a.yaml~", ".#a.yaml", "4913", "notes.txt"):
        (followed.folder / name).write_text("x")
    write(followed.folder / "b.yaml", "b")
    await followed.shows(a="a", b="b")
    assert len(followed.swapped) == 2


async def test_a_file_that_is_renamed_over_another_is_taken(followed: Followed) -> None:
    """As careful programs write; the one beside it is no mapping by its name."""
    beside = followed.folder / "a.yaml.tmp"
    write(beside, "renamed")
    beside.rename(followed.folder / "a.yaml")
    await followed.shows(a="renamed")


async def test_a_file_that_is_half_written_is_refused_and_taken_once_it_is_whole(followed: Followed) -> None:
    """What ran goes on in between."""
    text = MAPPING.format("whole")
    with (followed.folder / "a.yaml").open("w") as file:
        file.write(text[:40])
        file.flush()
        await followed.refuses("a.yaml")
        assert followed.pins == {"a": "p-a"}
        file.write(text[40:])
    await followed.shows(a="whole")


async def test_a_name_that_is_not_utf_8_is_refused_and_ends_nothing(followed: Followed) -> None:
    """Of a file, or of a folder, which nobody can watch."""
    await followed.shows(a="a")
    file = followed.folder / os.fsdecode(b"caf\xe9.yaml")
    write(file, "b")
    await followed.refuses("caf\\udce9.yaml: this name is not UTF-8 text")
    file.unlink()
    await followed.shows(a="a")
    write(followed.folder / os.fsdecode(b"caf\xe9") / "b.yaml", "b")
    await followed.refuses("caf\\udce9/b.yaml: this name is not UTF-8 text")
    assert followed.pins == {"a": "p-a"}


async def test_links_that_nobody_can_follow_end_nothing(followed: Followed) -> None:
    """Two thousand of them in a row; the folder is then looked at every so often."""
    await followed.shows(a="a")
    links = followed.folder.parent / "links"
    links.mkdir()
    for number in range(2_000):
        (links / str(number)).symlink_to(str(number + 1))
    (followed.folder / "sources.yaml").unlink()
    (followed.folder / "sources.yaml").symlink_to(links / "0")
    await followed.refuses("the source 'shop'")
    await asyncio.sleep(1)
    assert not followed.task.done()
    assert followed.pins == {"a": "p-a"}


async def test_a_config_map_is_swapped_whole(tmp_path: Path) -> None:
    """Kubernetes swaps the link `..data`; nested files stand behind linked folders. No mixture is ever taken."""

    def release(number: int) -> Path:
        for name in ("a", "ops/b"):
            write(tmp_path / f"..{number}" / f"{name}.yaml", f"{number}-{name[-1]}")
        (tmp_path / f"..{number}" / "sources.yaml").write_text(SOURCES)
        return tmp_path / f"..{number}"

    (tmp_path / "..data").symlink_to(release(1).name)
    for name in ("a.yaml", "ops", "sources.yaml"):
        (tmp_path / name).symlink_to(f"..data/{name}")
    followed = Followed(tmp_path)
    async with followed.running():
        for number in range(2, 5):
            (tmp_path / "..data_tmp").symlink_to(release(number).name)
            (tmp_path / "..data_tmp").rename(tmp_path / "..data")
            shutil.rmtree(tmp_path / f"..{number - 1}")
            await followed.shows(**{"a": f"{number}-a", "ops/b": f"{number}-b"})
    sets = [sorted(each.mappings.literal_pins()) for each in followed.swapped]
    assert sets == [[f"p-{number}-a", f"p-{number}-b"] for number in range(1, 5)]


async def test_a_folder_behind_a_link_is_followed_when_the_link_is_swapped(tmp_path: Path) -> None:
    """As deployments do it with `current`; the old folder stays, and the new one is watched."""
    for number in (1, 2):
        write(tmp_path / f"release{number}" / "pins" / "a.yaml", f"release{number}")
        (tmp_path / f"release{number}" / "pins" / "sources.yaml").write_text(SOURCES)
    (tmp_path / "current").symlink_to("release1")
    followed = Followed(tmp_path / "current" / "pins")
    async with followed.running():
        (tmp_path / "next").symlink_to("release2")
        (tmp_path / "next").rename(tmp_path / "current")
        await followed.shows(a="release2")
        write(tmp_path / "release2" / "pins" / "a.yaml", "later")
        await followed.shows(a="later")


async def test_a_linked_file_is_followed_where_it_stands(followed: Followed, tmp_path: Path) -> None:
    """Edited in place, or replaced there."""
    elsewhere = tmp_path / "elsewhere" / "b.yaml"
    write(elsewhere, "first")
    (followed.folder / "b.yaml").symlink_to(elsewhere)
    await followed.shows(a="a", b="first")
    write(elsewhere, "second")
    await followed.shows(a="a", b="second")
    write(elsewhere.with_suffix(".new"), "third")
    elsewhere.with_suffix(".new").rename(elsewhere)
    await followed.shows(a="a", b="third")


@pytest.mark.parametrize("times", [1, 3])
async def test_a_folder_that_vanishes_and_returns_is_followed_again(followed: Followed, times: int) -> None:
    """Meanwhile it counts as a mistake; what is the same when it returns is not compiled anew."""
    running = followed.swapped[-1].mappings.mappings["a"]
    for _ in range(times):
        followed.folder.rename(followed.folder.with_name("away"))
        await followed.refuses("there is no such folder of mappings")
        followed.folder.with_name("away").rename(followed.folder)
        await followed.shows(a="a")
    assert followed.swapped[-1].mappings.mappings["a"] is running
    write(followed.folder / "b.yaml", "b")
    await followed.shows(a="a", b="b")


async def test_a_folder_that_vanishes_with_those_around_it_is_followed_again(tmp_path: Path) -> None:
    """It is waited for where the first missing part of its path comes back."""
    folder = tmp_path / "x" / "y" / "mappings"
    write(folder / "a.yaml", "a")
    (folder / "sources.yaml").write_text(SOURCES)
    followed = Followed(folder)
    async with followed.running():
        shutil.rmtree(tmp_path / "x")
        await followed.refuses("there is no such folder of mappings")
        write(folder / "a.yaml", "back")
        (folder / "sources.yaml").write_text(SOURCES)
        await followed.shows(a="back")


async def test_an_emptied_folder_is_refused(followed: Followed) -> None:
    """An unmounted volume looks like that; no pin goes to sleep for it."""
    for path in followed.folder.iterdir():
        path.unlink()
    await followed.refuses("there is no mapping in this folder any more")
    assert followed.pins == {"a": "p-a"}


async def test_a_thousand_changes_in_a_second_are_few_reloads(followed: Followed) -> None:
    """The last one counts, and no intermediate state stays. How few depends on the machine; far fewer than changes."""
    for number in range(1000):
        write(followed.folder / f"b{number % 10}.yaml", f"{number}")
        if number % 50 == 0:
            await asyncio.sleep(0.03)
    await followed.shows(a="a", **{f"b{number}": f"{990 + number}" for number in range(10)})
    assert len(followed.swapped) < 100


async def test_files_that_vanish_between_listing_and_reading_are_left_out(followed: Followed) -> None:
    """Programs that write beside and rename make such files all the time."""
    with structlog.testing.capture_logs() as lines:
        for number in range(300):
            write(followed.folder / "fleeting.yaml", f"{number}")
            (followed.folder / "fleeting.yaml").unlink()
            await asyncio.sleep(0.002)
        write(followed.folder / "b.yaml", "b")
        await followed.shows(a="a", b="b")
    assert [line for line in lines if "cannot be read" in str(line)] == []


async def test_a_change_during_a_reload_is_taken_by_the_next(followed: Followed) -> None:
    """However often it happens, the last state ends up running."""
    for number in range(200):
        write(followed.folder / f"many{number}.yaml", f"{number}")
    for number in range(8):
        await asyncio.sleep(0.15)
        write(followed.folder / "a.yaml", f"turn{number}")
    await followed.shows(a="turn7", **{f"many{number}": str(number) for number in range(200)})


async def test_a_refusal_is_told_once_with_every_mistake(followed: Followed, tmp_path: Path) -> None:
    """Other changes beside the same mistakes tell nothing new; a mend is told."""
    beside, inside = tmp_path / "beside", followed.folder / "inside"
    beside.mkdir()
    (beside / "b.yaml").write_text("pin: p-b\n")
    (beside / "c.yaml").write_text("pin: 7\n")
    with structlog.testing.capture_logs() as lines:
        beside.rename(inside)
        await followed.refuses("c.yaml")
        write(followed.folder / "d.yaml", "d")
        await asyncio.sleep(1)
        (followed.folder / "d.yaml").unlink()
        inside.rename(beside)
        await followed.shows(a="a")
    told = [line for line in lines if line["event"].startswith("reload")]
    assert [line["event"] for line in told] == ["reload_refused", "reload_mended"]
    assert {problem.split(":")[0].rpartition("/")[2] for problem in told[0]["problems"]} == {"b.yaml", "c.yaml"}
    assert len(told[0]["problems"]) == len(set(told[0]["problems"])) >= 4


async def test_two_files_that_claim_one_pin_are_refused_as_a_whole(followed: Followed) -> None:
    """Also what is good in the same change waits."""
    write(followed.folder / "b.yaml", "a")
    write(followed.folder / "c.yaml", "c")
    await followed.refuses("belongs to")
    assert followed.pins == {"a": "p-a"}
    write(followed.folder / "b.yaml", "b")
    await followed.shows(a="a", b="b", c="c")


async def test_sources_are_swapped_with_the_mappings(followed: Followed) -> None:
    """A mapping and the source that it needs come in one change; a source without its secret refuses both."""
    write(followed.folder / "b.yaml", "b")
    text = (followed.folder / "b.yaml").read_text()
    (followed.folder / "b.yaml").write_text(text.replace("shop", "plant"))
    await followed.refuses("the source 'plant' is neither in the catalogue nor in sources.yaml")
    (followed.folder / "sources.yaml").write_text(SOURCES + "plant: {provider: stripe}\n")
    await followed.refuses("set PLANT_WEBHOOK_SECRET")
    await followed.refuses("a variable is read when the bridge starts: restart it")
    (followed.folder / "sources.yaml").write_text(SOURCES + "plant: {verify: none, dedupe: off}\n")
    await followed.shows(a="a", b="b")
    assert set(followed.swapped[-1].sources) == {"plant", "shop"}
    assert set(followed.swapped[0].sources) == {"shop"}


async def test_a_store_out_of_reach_is_tried_again(followed: Followed) -> None:
    """Without another change of the folder."""
    followed.unavailable = 2
    write(followed.folder / "b.yaml", "b")
    await followed.refuses("it is good, but cannot be taken now: locked")
    await followed.shows(a="a", b="b")


async def test_a_circle_of_links_does_no_harm(followed: Followed) -> None:
    """It is no mapping, and what else changes is seen."""
    (followed.folder / "x.yaml").symlink_to("y.yaml")
    (followed.folder / "y.yaml").symlink_to("x.yaml")
    (followed.folder / "loop").symlink_to(".")
    write(followed.folder / "b.yaml", "b")
    await followed.shows(a="a", b="b")


async def test_a_change_between_the_start_and_the_watch_is_taken(tmp_path: Path) -> None:
    """What was read at the start is read again once the folder is watched."""
    write(tmp_path / "a.yaml", "a")
    (tmp_path / "sources.yaml").write_text(SOURCES)
    followed = Followed(tmp_path)
    write(tmp_path / "a.yaml", "changed")
    async with followed.running():
        await followed.shows(a="changed")

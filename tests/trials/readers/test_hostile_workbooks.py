"""Workbooks that come by e-mail: a sentence within seconds, whatever is in them."""

import contextlib
import io
import random
import struct
import time
import warnings
import zipfile

import pytest

import botox_analysis as ba
from botox_analysis.trials.readers.child import one_child
from botox_analysis.trials.readers.workbook import read_workbook
from tests.trials.readers.workbooks import OPEN, biff, ole, write_ods, write_xls, write_xlsx, xls_cell

ROWS = [["subject", "arm"], ["1", "a"], ["2", "b"]]
SHEET, BOOK, RELATIONS = "xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
SECONDS = 30
"""Much longer than any takes: cores of tests are shared."""


@pytest.fixture(autouse=True, scope="module")
def child():
    """One child process for all tests of this module."""
    with one_child():
        yield


@pytest.fixture
def refused(tmp_path):
    """Write bytes under a name, read them, and give the sentence that refuses them."""

    def read(name, content):
        (tmp_path / name).write_bytes(content)
        start = time.monotonic()
        with pytest.raises(ba.DataError) as error:
            read_workbook(tmp_path / name, {})
        assert time.monotonic() - start < SECONDS
        assert str(error.value).startswith(f"{name}: ")
        assert "\n" not in str(error.value)
        return str(error.value).removeprefix(f"{name}: ")

    return read


def xlsx(edits=None):
    """A small workbook, with edits: member -> function of its content."""
    old, new = io.BytesIO(), io.BytesIO()
    write_xlsx({"subjects": ROWS}, old)
    left = dict(edits or {})
    with zipfile.ZipFile(old) as source, zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, left.pop(name, lambda content: content)(source.read(name)))
        for name, edit in left.items():
            target.writestr(name, edit(b""))
    return new.getvalue()


def added(cells):
    """An edit of a sheet: more rows."""
    return {SHEET: lambda content: content.replace(b"</sheetData>", cells + b"</sheetData>")}


def ods(tmp_path, rows):
    """A document of one sheet with such rows."""
    body = f'<office:spreadsheet><table:table table:name="s">{rows}</table:table></office:spreadsheet>'
    write_ods({}, tmp_path / "made", content=f"{OPEN}{body}</office:body></office:document-content>")
    return (tmp_path / "made").read_bytes()


def xls(tmp_path, **choices):
    write_xls({"subjects": ROWS}, tmp_path / "made", **choices)
    return (tmp_path / "made").read_bytes()


@pytest.mark.long
@pytest.mark.parametrize(
    "edits",
    [
        {"xl/media/image1.png": lambda _: bytes(1 << 27)},
        {"xl/embeddings/book.xlsx": lambda _: bytes(1 << 27)},
        {SHEET: lambda content: content.replace(b"<sheetData>", b"<sheetData>" + b" " * (1 << 27))},
        {"xl/sharedStrings.xml": lambda content: content.replace(b"</sst>", b"<si><t>a</t></si>" * (1 << 23) + b"</sst>")},
    ],
)
def test_a_zip_bomb_is_refused_before_it_is_unpacked(refused, edits):
    assert refused("b.xlsx", xlsx(edits)).startswith("found a small file that unpacks to 0.1 GB; expected a workbook")


def test_sizes_that_a_zip_archive_does_not_declare_are_found(refused):
    content = bytearray(xlsx({SHEET: lambda content: content.replace(b"<sheetData>", b"<sheetData>" + b" " * (1 << 22))}))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = archive.getinfo(SHEET).file_size
    content = bytes(content).replace(struct.pack("<I", size), struct.pack("<I", 900))
    assert "found a file that cannot be read (BadZipFile" in refused("b.xlsx", content)


def test_an_archive_of_many_members_is_refused(refused):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number in range(10_001):
            archive.writestr(f"{number}", "")
    assert refused("m.xlsx", content.getvalue()) == "found a zip file of 10,001 members; expected a workbook."


def test_two_members_of_one_name_are_refused(refused):
    content = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(content, "w") as archive:
        warnings.simplefilter("ignore")
        archive.writestr(SHEET, "<a/>")
        archive.writestr(SHEET, "<b/>")
    assert refused("m.xlsx", content.getvalue()) == "found a zip file with two members of one name; expected a workbook."


def test_members_that_overlap_are_refused(refused):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a", b"x" * 1000)
        archive.writestr("b", b"x" * 1000)
        archive.getinfo("b").header_offset = 0
    assert refused("m.xlsx", content.getvalue()) == "found a zip file whose members overlap; expected a workbook."


def test_an_encrypted_member_is_refused(refused):
    content = bytearray(xlsx())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert refused("p.xlsx", bytes(content)) == "found a workbook that is protected by a password; expected one without."


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize("member", [SHEET, BOOK, RELATIONS, "[Content_Types].xml", "xl/sharedStrings.xml", "xl/styles.xml"])
@pytest.mark.parametrize(
    "edit",
    [
        lambda content: content.replace(b"?>", b"?>" + BOMB, 1),
        lambda content: content.replace(b"?>", b'?><!DOCTYPE x SYSTEM "file:///etc/passwd">', 1),
        lambda content: content.replace(b"?>", b"?>" + BOMB, 1).decode().replace("UTF-8", "UTF-16").encode("utf-16"),
        lambda content: content.replace(b"?>", b"?>" + b" " * (1 << 20) + BOMB, 1),
    ],
    ids=["entities", "external", "two bytes", "later"],
)
def test_a_document_type_is_refused_in_every_part(refused, member, edit):
    assert f"found a document type (<!DOCTYPE) in {member}" in refused("x.xlsx", xlsx({member: edit}))


def test_a_document_type_is_refused_in_an_open_document(refused, tmp_path):
    write_ods(
        {}, tmp_path / "made", content=f'<?xml version="1.0"?>{BOMB.decode()}{OPEN}&b;</office:body></office:document-content>'
    )
    assert "found a document type (<!DOCTYPE) in content.xml" in refused("x.ods", (tmp_path / "made").read_bytes())


@pytest.mark.parametrize("member", [SHEET, BOOK, RELATIONS, "xl/sharedStrings.xml", "xl/styles.xml"])
@pytest.mark.parametrize(
    "edit",
    [
        lambda content: content[: content.rindex(b"</")],
        lambda content: content + b"<more/>",
        lambda content: content + b"text",
        lambda content: content[: content.rindex(b"</")] + b"<a></b>" + content[content.rindex(b"</") :],
        lambda content: content[: content.rindex(b"</")] + b"&nothing;" + content[content.rindex(b"</") :],
        lambda content: content[: content.rindex(b"</")] + b"\xff" + content[content.rindex(b"</") :],
        lambda content: content[: content.rindex(b"</")] + b"<a x='1' x='2'/>" + content[content.rindex(b"</") :],
    ],
    ids=["open", "a second root", "text at the end", "crossed", "entity", "no UTF-8", "attribute twice"],
)
def test_faults_of_xml_behind_the_rows_are_refused(refused, member, edit):
    assert f"found damaged XML in {member} (" in refused("x.xlsx", xlsx({member: edit}))


def test_faults_of_xml_behind_the_rows_of_an_open_document_are_refused(refused, tmp_path):
    row = '<table:table-row><table:table-cell office:value-type="string"><text:p>a</text:p></table:table-cell></table:table-row>'
    assert "found damaged XML in content.xml (" in refused("x.ods", ods(tmp_path, row * 2 + "<text:p>"))


def test_empty_parts_beside_the_sheets_do_no_harm(tmp_path):
    (tmp_path / "e.xlsx").write_bytes(xlsx({"customXml/item1.xml": lambda _: b""}))
    assert len(read_workbook(tmp_path / "e.xlsx", {})[0].frame) == 2


@pytest.mark.long
@pytest.mark.parametrize(
    ("cells", "n"),
    [
        (b'<c t="e">', 1_000_000),
        (b'<c r="A9" t="e"/>', 100_000),
        (b'<c r="A9"><f>1</f><v>1</v></c>', 100_000),
        (b'<!--<c t="e">-->', 1_000_000),
        (b'<c t="e"><f>', 1_000_000),
    ],
    ids=["open", "without content", "formulas", "comments", "formulas in open ones"],
)
def test_many_cells_with_errors_are_read_or_refused_in_linear_time(tmp_path, cells, n):
    content = xlsx(
        added(b'<row r="9">' + cells * n + b"</row>") | {"xl/media/image1.png": lambda _: random.Random(1).randbytes(1 << 20)}  # noqa: S311 - no secret
    )
    (tmp_path / "m.xlsx").write_bytes(content)
    start = time.monotonic()
    with contextlib.suppress(ba.DataError):
        read_workbook(tmp_path / "m.xlsx", {})
    assert time.monotonic() - start < SECONDS


@pytest.mark.long
@pytest.mark.parametrize(
    "cells",
    [
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        b'<row r="1048576"><c r="A1048576"><v>1</v></c></row>',
        b'<row r="2000"><c r="XFD2000"><v>1</v></c></row>',
        b'<row r="99999999"><c r="ZZZZZ99999999"><v>1</v></c></row>',
        b'<row r="1048576"><c r="XFD1048576" t="e"><v>#N/A</v></c></row>',
        b'<row r="1048576"><c r="A1048576" t="e"><v>#N/A</v></c></row>',
    ],
    ids=["corner", "bottom", "wide", "outside", "error in the corner", "error at the bottom"],
)
def test_a_cell_far_from_the_others_is_refused_in_bounded_memory(refused, cells):
    sentence = refused("f.xlsx", xlsx(added(cells)))
    assert "delete cells far from the table" in sentence or "needs more than 2 GB of memory" in sentence


@pytest.mark.parametrize("size", [b"A1:XFD1048576", b"XFD1048576:A1", b"A1:ZZZZZ99999999999"])
def test_a_wrong_declaration_of_the_size_does_no_harm(tmp_path, size):
    content = xlsx({SHEET: lambda content: content.replace(b'ref="A1:B3"', b'ref="' + size + b'"')})
    (tmp_path / "d.xlsx").write_bytes(content)
    [table] = read_workbook(tmp_path / "d.xlsx", {})
    assert table.frame.shape == (2, 2)


FAR = (
    '<table:table-row><table:table-cell office:value-type="float" office:value="1"/></table:table-row>'
    '<table:table-row table:number-rows-repeated="1048574"><table:table-cell/></table:table-row>'
    '<table:table-row><table:table-cell table:number-columns-repeated="16383"/>'
)
SPACES = '<table:table-cell office:value-type="string"><text:p><text:s text:c="2000000000"/></text:p></table:table-cell>'
ONE = '<table:table-cell office:value-type="float" office:value="1"'


@pytest.mark.long
@pytest.mark.parametrize(
    "rows",
    [
        f'<table:table-row table:number-rows-repeated="1048576">{ONE} table:number-columns-repeated="16384"/></table:table-row>',
        f"{FAR}{ONE}/></table:table-row>",
        f'<table:table-row table:number-rows-repeated="-5">{ONE}/></table:table-row>',
        f'<table:table-row table:number-rows-repeated="1000000">{ONE} table:number-columns-repeated="90"/></table:table-row>',
        f"<table:table-row>{SPACES}</table:table-row>",
    ],
    ids=["all", "far", "negative", "many", "spaces"],
)
def test_repeated_cells_are_refused_in_bounded_memory(refused, tmp_path, rows):
    refused("r.ods", ods(tmp_path, rows))


def test_empty_cells_repeated_to_the_end_of_the_sheet_are_no_cells(tmp_path):
    row = f'<table:table-row>{ONE}/><table:table-cell table:number-columns-repeated="16383"/></table:table-row>'
    rest = '<table:table-row table:number-rows-repeated="1048574"><table:table-cell table:number-columns-repeated="16384"/>'
    (tmp_path / "e.ods").write_bytes(ods(tmp_path, row + row + rest + "</table:table-row>"))
    [table] = read_workbook(tmp_path / "e.ods", {})
    assert table.frame.shape == (1, 1)


@pytest.mark.long
@pytest.mark.parametrize("cell", [xls_cell(65535, 65535, 1.0), xls_cell(65535, 255, 1.0), xls_cell(65535, 65535, "#N/A")])
def test_a_far_cell_of_an_old_workbook_is_refused(refused, tmp_path, cell):
    sentence = refused("f.xls", xls(tmp_path, more=cell))
    assert "delete cells far from the table" in sentence or "needs more than 2 GB of memory" in sentence


@pytest.mark.parametrize(
    "edits",
    [
        {RELATIONS: lambda content: content.replace(b"worksheets/sheet1.xml", b"../../../../etc/passwd")},
        {RELATIONS: lambda content: content.replace(b"worksheets/sheet1.xml", b"/etc/passwd")},
        {RELATIONS: lambda content: content.replace(b'"worksheets/sheet1.xml"', b'"http://x/y.xml" TargetMode="External"')},
        {RELATIONS: lambda _: b"<a>"},
        {SHEET: lambda content: content[:300]},
        {SHEET: lambda content: content.replace(b"<v>1</v>", b"<v>99999999</v>").replace(b"<v>2</v>", b"<v>-1</v>")},
        {BOOK: lambda content: content.replace(b"<sheet ", b"<nosheet ")},
        {BOOK: lambda content: content.replace(b"<sheet ", b'<sheet name="subjects" sheetId="3" r:id="rId1"/><sheet ')},
        {BOOK: lambda _: b""},
        {SHEET: lambda content: content.replace(b'ref="A1:B3"', b'ref="x"')},
        added(b'<row><c t="e"><v>#N/A</v></c></row>'),
    ],
)
def test_parts_that_do_not_fit_together_are_refused(refused, edits):
    refused("p.xlsx", xlsx(edits))


def test_names_of_members_and_sheets_write_no_files(tmp_path):
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    content = xlsx(
        {
            "../../evil.xml": lambda _: b"<x/>",
            "/evil.xml": lambda _: b"<x/>",
            BOOK: lambda content: content.replace(b'name="subjects"', b'name="../../x/&#10;&lt;b&gt;"'),
        }
    )
    (inside / "n.xlsx").write_bytes(content)
    [table] = read_workbook(inside / "n.xlsx", {})
    assert table.name == "../../x/ <b>"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b", "n.xlsx"]


@pytest.mark.parametrize("name", ["t.xlsx", "t.xls", "t.ods", "t.xlsm"])
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "found an empty file; expected a workbook."),
        (b" \r\n", "found an empty file; expected a workbook."),
        (b"subject,arm\n1,a\n", "found text under the name of a workbook; expected a workbook, or the name .csv."),
        (b"<html><body><table><tr><td>1</td></tr></table>", "found a web page (HTML or XML) under the name of a workbook; "),
        (b"\xef\xbb\xbf<!DOCTYPE HTML>\n<HTML xmlns:x='urn'>", "found a web page (HTML or XML) under the name of a workbook; "),
        (
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            "found a web page (HTML or XML) ",
        ),
        (b"%PDF-1.7\x00\x01", "found another file under the name of a workbook; expected a workbook."),
        (b"PK\x03\x04", "found a file that cannot be read (BadZipFile: File is not a zip file); expected a workbook."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "found a damaged or truncated file; expected a workbook."),
        (
            ole({"EncryptedPackage": bytes(5000), "EncryptionInfo": bytes(5000)}),
            "found a workbook that is protected by a password; ",
        ),
        (ole({"WordDocument": bytes(5000)}), "found a document of another program (WordDocument); expected a workbook."),
        (ole({}), "found a damaged or truncated file; expected a workbook."),
    ],
)
def test_another_file_under_the_name_of_a_workbook_is_refused_by_its_kind(refused, name, content, sentence):
    assert refused(name, content).startswith(sentence)


def test_a_workbook_under_the_name_of_another_kind_is_refused_with_the_right_name(refused, tmp_path):
    write_ods({"s": ROWS}, tmp_path / "o")
    contents = {".xlsx": xlsx(), ".xls": xls(tmp_path), ".ods": (tmp_path / "o").read_bytes()}
    for kind, content in contents.items():
        for other in contents.keys() - {kind}:
            sentence = f"found a workbook of the kind {kind} under another name; expected the name to end in {kind}."
            assert refused(f"n{other}", content) == sentence


def test_a_password_of_an_old_workbook_is_told(refused, tmp_path):
    protected = xls(tmp_path, first=biff(0x2F, bytes(6)))
    assert refused("p.xls", protected) == "found a workbook that is protected by a password; expected one without."


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.99])
@pytest.mark.parametrize("suffix", [".xlsx", ".xls", ".ods"])
def test_a_truncated_workbook_is_refused(refused, tmp_path, suffix, share):
    rows = [["subject", "arm"], *([f"{n:04d}", "ab"[n % 2]] for n in range(2000))]
    {".xlsx": write_xlsx, ".xls": write_xls, ".ods": write_ods}[suffix]({"subjects": rows}, tmp_path / f"w{suffix}")
    content = (tmp_path / f"w{suffix}").read_bytes()
    refused(f"t{suffix}", content[: int(share * len(content))])


def test_an_old_workbook_whose_sheet_does_not_end_is_refused(refused, tmp_path):
    content = xls(tmp_path)
    at = content.index(b"\x0a\x00\x00\x00", content.index(biff(0x200)[:2]))
    assert "found a damaged or truncated file" in refused("t.xls", content[:at] + b"\x0b" + content[at + 1 :])


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=pytest.mark.long) if seed > 1 else seed for seed in range(6)])
@pytest.mark.parametrize("suffix", [".xlsx", ".xls", ".ods"])
def test_flipped_bits_raise_no_error_of_another_library(tmp_path, suffix, seed):
    {".xlsx": write_xlsx, ".xls": write_xls, ".ods": write_ods}[suffix]({"subjects": ROWS}, tmp_path / f"w{suffix}")
    content, rng = (tmp_path / f"w{suffix}").read_bytes(), random.Random(seed)  # noqa: S311 - damage is no secret
    for _ in range(10):
        flipped = bytearray(content)
        for _ in range(rng.choice((1, 3, 30))):
            flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
        (tmp_path / f"f{suffix}").write_bytes(flipped)
        with contextlib.suppress(ba.DataError):
            read_workbook(tmp_path / f"f{suffix}", {})

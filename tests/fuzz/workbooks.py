"""Small workbooks, as programs save them."""

import io
import zipfile
from collections.abc import Iterable, Sequence

import xlsxwriter  # type: ignore[import-untyped]

OFFICE = "urn:oasis:names:tc:opendocument:xmlns"


def packed(**members: bytes) -> bytes:
    """Give a zip file. Its members are not deflated, so that damage reaches what they say."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_STORED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return data.getvalue()


def workbook(rows: Iterable[Sequence[str]]) -> bytes:
    """Give a workbook of texts, as Excel saves one."""
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        for place, cell in enumerate(row):
            sheet.write_string(number, place, cell)
    book.close()
    with zipfile.ZipFile(data) as file:
        return packed(**{name: file.read(name) for name in file.namelist()})


def open_document(rows: Iterable[Sequence[str]]) -> bytes:
    """Give a sheet of texts, as LibreOffice saves one."""
    cells = (
        "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in row
        )
        for row in rows
    )
    content = (
        f'<office:document-content xmlns:office="{OFFICE}:office:1.0" xmlns:table="{OFFICE}:table:1.0"'
        f' xmlns:text="{OFFICE}:text:1.0"><office:body><office:spreadsheet><table:table table:name="Blad1">'
        + "".join(f"<table:table-row>{row}</table:table-row>" for row in cells)
        + "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    of_type = b"application/vnd.oasis.opendocument.spreadsheet"
    manifest = f'<manifest:manifest xmlns:manifest="{OFFICE}:manifest:1.0"/>'.encode()
    return packed(**{"mimetype": of_type, "content.xml": content.encode(), "META-INF/manifest.xml": manifest})

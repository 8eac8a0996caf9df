"""csv files as spreadsheets of all countries save them."""

import sys
from pathlib import Path

import pytest

from hangtag.errors import DataInvalid
from hangtag.tables.csv_table import read_csv, read_header

REQUIRED, OPTIONAL = ("image", "labels"), ("product_id", "title", "description")
TEXT = "image,labels,title\n0.jpg,412_77,Größe 38\n1.jpg,77,Süß\n"


def read(tmp_path: Path, content: str | bytes) -> list[dict[str, str]]:
    path = tmp_path / "products.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    table = read_csv(path, REQUIRED, optional=OPTIONAL)
    assert table.malformed == []
    print(*(f"{remark}\n" for remark in table.remarks), sep="", end="", file=sys.stderr)
    return [dict(row.cells) for row in table.rows]


@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_delimiters_encodings_and_line_ends(
    tmp_path: Path, delimiter: str, encoding: str, line_end: str
) -> None:
    text = TEXT.replace(",", delimiter).replace("\n", line_end)
    assert read(tmp_path, text.encode(encoding)) == [
        {"image": "0.jpg", "labels": "412_77", "title": "Größe 38"},
        {"image": "1.jpg", "labels": "77", "title": "Süß"},
    ]


def test_how_a_file_was_read_is_said_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read(tmp_path, TEXT.replace(",", ";").encode("cp1252"))
    assert capsys.readouterr().err.splitlines() == [
        "products.csv: read with ; and as Windows-1252, such as 'Größe' in line 2."
    ]
    read(tmp_path, TEXT)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("first", ["sep=;", "SEP=;", '"sep=;"', "\ufeffsep=;", "sep=;;;"])
def test_excels_line_that_names_the_separator(tmp_path: Path, first: str) -> None:
    rows = read(tmp_path, f"{first}\r\n" + TEXT.replace(",", ";"))
    assert [row["image"] for row in rows] == ["0.jpg", "1.jpg"]


def test_a_separator_that_only_that_line_tells(tmp_path: Path) -> None:
    assert len(read(tmp_path, "sep=^\n" + TEXT.replace(",", "^"))) == 2


def test_a_comma_within_a_cell_does_not_hide_the_semicolons(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "title, German;image;labels\nGrau, rot, blau;0.jpg;412,0\n")
    assert (row["image"], row["labels"]) == ("0.jpg", "412,0")


@pytest.mark.parametrize(
    "header",
    [
        "Image,LABELS,Product ID",
        ' "image" ,labels ,product-id',
        "\ufeff\ufeffimage,labels,PRODUCT_ID",
    ],
)
def test_column_names_in_another_case(tmp_path: Path, header: str) -> None:
    assert read(tmp_path, f"\n\n{header}\n0.jpg,412,A\n") == [
        {"image": "0.jpg", "labels": "412", "product_id": "A"}
    ]


def test_a_column_named_exactly_wins_over_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (row,) = read(tmp_path, "Image,image,labels,price\nx,0.jpg,412,3\n")
    assert row["image"] == "0.jpg"
    assert "further columns, which are not read: Image, price." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("productid", "product_id"),
        ("ProductId", "product_id"),
        ("prodct_id", "product_id"),
        ("titel", "title"),
        ("discription", "description"),
    ],
)
def test_a_misspelt_optional_column_is_refused(tmp_path: Path, name: str, near: str) -> None:
    with pytest.raises(DataInvalid, match=f"a column '{name}', .* rename it to '{near}'"):
        read(tmp_path, f"image,labels,{name}\n0.jpg,412,A\n")


@pytest.mark.parametrize("name", ["product_type", "supplier_id", "subtitle", "image_url", "brand"])
def test_further_columns_are_no_misspelt_ones(tmp_path: Path, name: str) -> None:
    assert len(read(tmp_path, f"image,labels,{name}\n0.jpg,412,A\n")) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("image,lables\n0.jpg,412\n", "lacks the column labels; 'lables' may be meant"),
        (
            "0.jpg,412\n1.jpg,412\n",
            "put a line above it that names the columns, such as image,labels.",
        ),
        ("Export of May\n\nimage,labels\n0.jpg,412\n", "line 3 names the columns: remove the"),
        ("Image,IMAGE,labels\na,b,412\n", "has the column image more than once"),
        (b"PK\x03\x04\x14\x00", "is a spreadsheet .* save it as CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "is an old Excel workbook"),
        ("<html><body><table>", "is a page of HTML or XML"),
        (b"\x1f\x8b\x08", "is a gzip file"),
        ("version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
        ("image,labels\n0.jpg,412\n" + "\0" * 4096, "a hole of NUL bytes at line 3"),
        (b"image,labels,title\n0.jpg,412,\x81\n", "not UTF-8 .* line 2.* and not Windows-1252"),
        ("image,labels,t\n0.jpg,412,ß\n".encode() + b"1.jpg,7,\xdf\n", "line 3.*other letters are"),
        ("image,labels,title\n0.jpg,412,Größe\n".encode("cp850"), "line 2.*files of DOS and old"),
        ("image,labels,title\n0.jpg,412,Grün\n".encode("mac_roman"), "line 2.*DOS and old Macs"),
        ("image,labels,title\n0.jpg,412,Größe\n".encode("mac_roman"), "line 2.*DOS and old Macs"),
        (b"\xff\xfei\0m\0a", "begins as UTF-16 and is none from byte"),
        ('image,labels,"title\n0.jpg,412,x\n1.jpg,412,size"\n', "a quote of the header"),
    ],
)
def test_what_is_no_csv_is_named(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(DataInvalid, match=said):
        read(tmp_path, content)


def test_the_end_of_a_file_as_dos_wrote_it(tmp_path: Path) -> None:
    assert len(read(tmp_path, "image,labels\r\n0.jpg,412\r\n\x1a")) == 1


def test_quotes_after_a_space(tmp_path: Path) -> None:
    (first, second) = read(
        tmp_path, 'image, labels, title\n0.jpg, "412, 77", "5"""\n1.jpg, 7, Tee\n'
    )
    assert (first["labels"], first["title"]) == ("412, 77", '5"')
    assert second == {"image": "1.jpg", "labels": "7", "title": "Tee"}
    # Where all fits without, a quote after a space is a letter of the text.
    (row,) = read(tmp_path, 'image,labels,title\n0.jpg,412, "Big" tee\n')
    assert row["title"] == '"Big" tee'


def test_padding_with_nul_bytes_is_left_out(tmp_path: Path) -> None:
    assert read(tmp_path, "image,labels\n0.jpg\0\0,412\0\n") == [
        {"image": "0.jpg", "labels": "412"}
    ]


def test_empty_cells_at_the_end_may_be_left_out_or_too_many(tmp_path: Path) -> None:
    rows = read(tmp_path, "image,labels,product_id,title\n0.jpg,412\n1.jpg,412,A,,,\n")
    assert rows == [
        {"image": "0.jpg", "labels": "412", "product_id": "", "title": ""},
        {"image": "1.jpg", "labels": "412", "product_id": "A", "title": ""},
    ]


def test_labels_with_commas_that_are_not_quoted(tmp_path: Path) -> None:
    rows = read(tmp_path, "image,labels\n0.jpg,412,77\n1.jpg,412\n")
    assert [row["labels"] for row in rows] == ["412, 77", "412"]


def test_a_description_of_200_kb(tmp_path: Path) -> None:
    (row,) = read(tmp_path, f'image,labels,description\n0.jpg,412,"{"long, " * 40_000}"\n')
    assert len(row["description"]) == 239_999


def test_the_header_alone(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_bytes("IMAGEID;ClassId\n".encode("utf-16"))
    assert read_header(path, ("ImageId", "ClassId")) == ("ImageId", "ClassId")
    assert read_header(tmp_path / "none.csv", ("ImageId",)) == ()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_whole_lines_in_quotes(tmp_path: Path, end: str) -> None:
    lines = ['"image,labels,title"', '"0.jpg,412,""Tee, red"""', "1.jpg,77,Tee"]
    assert read(tmp_path, end.join(lines)) == [
        {"image": "0.jpg", "labels": "412", "title": "Tee, red"},
        {"image": "1.jpg", "labels": "77", "title": "Tee"},
    ]


def test_a_header_that_is_repeated_is_no_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = read(tmp_path, "image,labels\n0.jpg,412\nImage,Labels\n1.jpg,412\nimage,labels\n")
    assert [row["image"] for row in rows] == ["0.jpg", "1.jpg"]
    assert "the header again, in line 3: left out." in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_other_letters_without_a_byte_order_mark(tmp_path: Path, encoding: str) -> None:
    text = "image,labels,title\n" + "".join(f"{n}.jpg,412,红色连衣裙夏季新款\n" for n in range(9))
    rows = read(tmp_path, text.encode(encoding))
    assert {row["title"] for row in rows} == {"红色连衣裙夏季新款"}


@pytest.mark.parametrize(
    ("title", "encoding"),
    [
        ("Красное платье", "cp1251"),
        ("Красное платье", "koi8-r"),
        ("Κόκκινο φόρεμα", "cp1253"),
        ("שמלה אדומה", "cp1255"),
        ("فستان أحمر", "cp1256"),
        ("红色连衣裙", "gbk"),
        ("빨간 원피스", "euc-kr"),
        ("ชุดสีแดง", "cp874"),
        ("Bluza wełna", "cp1250"),
        ("Ärmel", "cp850"),
        ("Über dem Öl", "cp850"),
        ("août", "cp850"),
    ],
)
def test_other_alphabets_are_refused(tmp_path: Path, title: str, encoding: str) -> None:
    text = f"image,labels,title\n0.jpg,412,Tee\n1.jpg,412,{title}\n"
    with pytest.raises(DataInvalid, match=r"is not UTF-8.*save it as 'CSV UTF-8'") as refused:
        read(tmp_path, text.encode(encoding))
    assert "its other letters are" not in str(refused.value)


@pytest.mark.parametrize(
    "title",
    ["Levi’s™ – Ärmel", "Dress™", "rot–blau t–shirt", "«Été» à 5 €", "10 m³ · 1ª", "Vª", "ÆØÅ æøå",
     "¿Qué? ¡Olé!", "Þórður", "naïveté Noël ÜBERGRÖSSE", "Nº 5 ½ ®™", "€€€€€€"],
)  # fmt: skip
def test_western_texts_are_read(tmp_path: Path, title: str) -> None:
    (row,) = read(tmp_path, f"image,labels,title\n0.jpg,412,{title}\n".encode("cp1252"))
    assert row["title"] == title.strip()


@pytest.mark.parametrize("title", ["Women’s „Grün” dress – 5 £", "Škoda § 5", "ŒUVRE", "Žena 10 ‰"])
def test_marks_of_windows_are_no_garbled_letters(tmp_path: Path, title: str) -> None:
    (row,) = read(tmp_path, f"image,labels,title\n0.jpg,412,{title}\n".encode("cp1252"))
    assert row["title"] == title


def test_files_that_were_put_into_one(tmp_path: Path) -> None:
    one = "\ufeffimage,labels,title\n0.jpg,412,Tee\n"
    rows = read(tmp_path, one + one.replace("0.jpg", "1.jpg") + "\ufeff2.jpg,412,Tee\n")
    assert [row["image"] for row in rows] == ["0.jpg", "1.jpg", "2.jpg"]


def test_marks_that_keep_zeros_are_left_out_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = 'image,labels,product_id,title\n="2.jpg",412,="0012",\'90s tee\n'
    text += '"=""3.jpg""",\'412,\'0012,\'90\n'
    rows = read(tmp_path, text)
    assert [row["image"] for row in rows] == ["2.jpg", "3.jpg"]
    assert [row["labels"] for row in rows] == ["412", "412"]
    assert [row["product_id"] for row in rows] == ["0012", "0012"]
    assert rows[0]["title"] == "'90s tee"
    said = capsys.readouterr().err
    assert "spreadsheet's marks: 6, such as '=\"2.jpg\"', read as '2.jpg'" in said


def test_what_is_left_out_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    read(tmp_path, '"image,labels"\n"0.jpg,412"\n')
    assert "the quotes around whole lines are left out" in capsys.readouterr().err
    read(tmp_path, "image,labels,,title\n0.jpg,412,77,Tee\n1.jpg,412,,Tee\n")
    said = capsys.readouterr().err
    assert "a column without a name, which are not read: 1 rows, such as products.csv:2" in said

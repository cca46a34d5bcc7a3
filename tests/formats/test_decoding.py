from collections.abc import Callable
from pathlib import Path

import pytest

from intercoder.core.documents import Document
from intercoder.core.errors import InputError
from intercoder.formats import ReadReport
from intercoder.formats.encodings import BLOCK

Read = Callable[..., list[Document]]

GREETING = "Ana: Ça va très bien – “vraiment”. Où êtes-vous allé hier soir ?\n"
RUSSIAN = "Привет, как дела? Мы живём в Москве и работаем каждый день.\n"
JAPANESE = "こんにちは、私の名前は田中です。今日は天気がいいですね。\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_is_recognised_for_certain(read: Read, report: ReadReport, encoding: str) -> None:
    (document,) = read("a.txt", (GREETING + "😀").encode(encoding))
    assert document.text == GREETING + "😀"
    assert report.encoding == encoding
    assert report.notes == []


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_utf16_of_either_byte_order(read: Read, mark: bytes) -> None:
    encoding = "utf-16-le" if mark == b"\xff\xfe" else "utf-16-be"
    assert read("a.txt", mark + "Grüße\r\n".encode(encoding))[0].text == "Grüße\n"


@pytest.mark.parametrize(
    ("text", "encoding", "detected"),
    [
        (GREETING, "cp1252", "cp1252"),
        ("café\n", "cp1252", "cp1252"),
        ("It cost £5 – or 5€…\n", "cp1252", "cp1252"),
        ("It’s £5.", "cp1252", "cp1252"),
        ("I’m “sure” that’s fine.\n", "mac_roman", "mac_roman"),
        (RUSSIAN, "cp1251", "cp1251"),
        (JAPANESE, "shift_jis", "cp932"),
        ("Příliš žluťoučký kůň úpěl ďábelské ódy a zase šel domů.\n", "cp1250", "cp1250"),
    ],
)
def test_other_encodings_are_detected_and_told(
    read: Read, report: ReadReport, text: str, encoding: str, detected: str
) -> None:
    (document,) = read("a.txt", text.encode(encoding))
    assert document.text == text
    assert report.encoding == detected
    assert any(detected in note for note in report.notes)


def test_bytes_that_tell_may_come_late(read: Read, report: ReadReport) -> None:
    text = "Nothing but plain letters here.\n" * 40_000 + GREETING
    assert read("a.txt", text.encode("cp1252"))[0].text == text
    assert report.encoding == "cp1252"


def test_a_given_encoding_is_believed(read: Read, report: ReadReport) -> None:
    assert read("a.txt", GREETING.encode("cp1252"), encoding="windows-1252")[0].text == GREETING
    assert read("b.txt", b"\xff\xfe" + "é".encode("utf-16-le"), encoding="utf-16-le")[0].text == "é"
    assert read("c.txt", b"\xef\xbb\xbf" + "é".encode(), encoding="UTF8")[0].text == "é"
    assert read("d.txt", "hé".encode("utf-16-le"), encoding="utf-16-le")[0].text == "hé"
    assert report.notes == []


@pytest.mark.parametrize("encoding", ["utf-99", "base64", "\0"])
def test_an_unknown_encoding(read: Read, encoding: str) -> None:
    with pytest.raises(InputError, match="no encoding called"):
        read("a.txt", "Hello.", encoding=encoding)


def test_the_given_encoding_does_not_fit(read: Read, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="0xe9") as caught:
        read("a.txt", b"one\ntwo \xe9\n", encoding="ascii")
    assert caught.value.where == f"{tmp_path / 'a.txt'}:line 2"


def test_damaged_utf8_is_not_taken_for_something_else(read: Read, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="0x93") as caught:
        read("a.txt", "Größe\n".encode() * 300_000 + b"a \x93 b\n")
    assert caught.value.where == f"{tmp_path / 'a.txt'}:line 300001"


def test_a_damaged_character_between_two_blocks_is_named(read: Read) -> None:
    with pytest.raises(InputError, match="0xc3"):
        read("a.txt", "ééé".encode() + b"a" * (BLOCK - 7) + b"\xc3(")


def test_utf8_cut_off_in_a_character(read: Read) -> None:
    with pytest.raises(InputError, match="utf-8"):
        read("a.txt", ("Größe " + "é").encode()[:-1])


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PK\x03\x04\x14\x00\x06\x00", "docx"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "doc"),
        (b"\x89PNG\r\n\x1a\n\0\0", "PNG"),
        (bytes(range(256)), "binary"),
        (b"\x01\x02\x03\x04abc", "binary"),
    ],
)
def test_a_binary_file_is_to_be_converted(read: Read, tmp_path: Path, content: bytes, kind: str) -> None:
    with pytest.raises(InputError, match=kind) as caught:
        read("a.txt", content)
    assert "Convert" in caught.value.remedy
    assert caught.value.where == str(tmp_path / "a.txt")


@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.jsonl"])
def test_nul_is_refused_and_its_line_named(read: Read, tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="NUL") as caught:
        read(name, b"text\nsome words here\nand \0 then\n")
    assert caught.value.where == f"{tmp_path / name}:line 3"


def test_the_head_of_a_file_may_end_within_a_character(read: Read) -> None:
    text = "a" * 8191 + "é" + "b"
    assert read("a.txt", text)[0].text == text


def test_invisible_characters_are_kept_and_counted(read: Read, report: ReadReport) -> None:
    text = "a\u202eb\u2066c\u2069 and zero\u200bwidth"
    assert read("a.txt", text)[0].text == text
    assert report.notes == [
        "contains 3 bidirectional control characters and 1 zero-width character; kept, shown escaped."
    ]


def test_joined_emoji_hide_nothing(read: Read, report: ReadReport) -> None:
    read("a.txt", "family \U0001f468\u200d\U0001f469\u200d\U0001f467, flag \U0001f3f3\ufe0f\u200d\U0001f308")
    assert report.notes == []

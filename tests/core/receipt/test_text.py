"""The page that is handed over: it fits on A4, and its code still reads after the printer."""

from __future__ import annotations

from typing import Any

import pytest
import zxingcpp

from core.receipt.qr import qr_lines
from core.receipt.text import PAGE_COLUMNS, PAGE_LINES, Layout, receipt_lines

ADDRESS = "0xEd597DA4334D9b6323b877774da419Fdeb440095"
PEAQ_ID = f"did:peaq:{ADDRESS}"
HASH = "0x" + "5a" * 32


def page_lines(made: dict[str, Any]) -> list[str]:
    return receipt_lines(made, Layout.PAGE)


def receipt(count: int = 3, **changes: Any) -> dict[str, Any]:
    """One of mainnet, with links and long addresses."""
    rows = [
        {
            "purpose": ("register", "mint", "did")[number % 3],
            "hash": HASH,
            "status": "final",
            "block": 12_345_678 + number,
            "fee_wei": "8431000000000000",
            "link": f"https://peaq.subscan.io/tx/{HASH}",
        }
        for number in range(count)
    ]
    return {
        "network": "mainnet",
        "chain_id": 3338,
        "token": "PEAQ",
        "peaq_id": PEAQ_ID,
        "address": ADDRESS,
        "link": f"https://peaq.subscan.io/account/{ADDRESS}",
        "machine_id": 123_456,
        "identity_nft_token_id": 123_456,
        "machine_nft_token_id": 654_321,
        "bond_wei": str(10**18),
        "funding": {
            "way": "gas-station",
            "hash": "0x" + "7f" * 32,
            "held_wei": "1100000000000000000",
            "block": 12_345_678,
        },
        "gas_spent_wei": "11002190000000000",
        "transactions": rows,
        "did_attributes": {
            "machineId": "123456",
            "nftTokenId": "654321",
            "operator": "",
            "documentation_url": "https://example.com/" + "long/" * 100,
            "data_api": "https://example.com/data",
            "data_visibility": "public",
        },
        "mcr": "Provisioned",
        "endpoints": {
            "rpc": "https://peaq.api.onfinality.io/secret-of-an-account",
            "gas_station": "https://depinstation.peaq.network",
            "mcr": "https://mcr.peaq.xyz",
        },
        "backup": "copied",
        "host": "arm-7",
        "versions": {"peaq-onboard": "0.1.0", "python": "3.11.7", "web3": "8.0.0", "x": "1"},
        "finished_at": "2026-11-24T01:08:47.180Z",
        "rebuilt_at": "2026-11-25T01:08:47.180Z",
    } | changes


@pytest.mark.parametrize("transactions", [0, 3, 4, 20])
def test_it_fits_on_one_page(transactions: int) -> None:
    page = page_lines(receipt(transactions))
    assert len(page) <= PAGE_LINES
    assert max(map(len, page)) <= PAGE_COLUMNS
    text = "\n".join(page)
    for words in (PEAQ_ID, ADDRESS, "123456", "Key backup    keystore copied", "0x" + "7f" * 32):
        assert words in text
    assert (HASH in text) == bool(transactions)
    assert ("receipt.json lists" in text) == (transactions == 20), "what is left out is said"


def test_the_network_explorer_is_named_once_and_unbroken() -> None:
    text = "\n".join(page_lines(receipt()))
    assert "each at https://peaq.subscan.io/tx/HASH" in text
    assert f"https://peaq.subscan.io/account/{ADDRESS}" in text
    assert "secret-of-an-account" not in text
    nowhere = receipt(link=None, transactions=[row | {"link": None} for row in rows()])
    assert "https://peaq" not in "\n".join(page_lines(nowhere))


def rows() -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = receipt()["transactions"]
    return made


def test_what_was_only_replaced_is_not_on_the_page() -> None:
    replaced = {**rows()[0], "block": None, "status": "replaced", "hash": "0x" + "99" * 32}
    text = "\n".join(page_lines(receipt(transactions=[replaced, *rows()])))
    assert "99" * 32 not in text
    assert "receipt.json lists all 4 " in text


def printed(lines: list[str], *, width: int, height: int, gap: int, ink: int = 0) -> memoryview:
    """The page as grey pixels: each character `width` x `height`, `gap` pixels between lines."""
    columns = max(map(len, lines))
    pixels = bytearray()
    for line in lines:
        for y in range(height):
            upper = y < height // 2
            for character in line.ljust(columns):
                inked = character in ("█", "▀" if upper else "▄")
                pixels += bytes([ink if inked else 255]) * width
        pixels += bytes([255]) * (columns * width * gap)
    return memoryview(bytes(pixels)).cast(
        "B", shape=[len(pixels) // (columns * width), columns * width]
    )


@pytest.mark.parametrize(
    ("height", "gap", "ink"),
    [(16, 0, 0), (20, 0, 0), (19, 1, 0), (16, 0, 110)],
    ids=["exact", "tall", "lines apart by 5 %", "little toner"],
)
def test_the_code_reads_back_as_the_peaq_id_from_paper(height: int, gap: int, ink: int) -> None:
    page = page_lines(receipt())
    codes = zxingcpp.read_barcodes(
        printed(page, width=8, height=height, gap=gap, ink=ink), try_invert=False
    )
    assert [code.text for code in codes] == [PEAQ_ID]


def test_the_code_alone_has_a_light_border() -> None:
    code = qr_lines(PEAQ_ID, ink="dark", level="m", quiet=1)
    assert all(row[0] == row[-1] == " " for row in code)
    assert not set(code[0]) & {"█", "▀"}


def test_a_terminal_gets_no_code_that_would_be_light_on_dark() -> None:
    assert not set("\n".join(receipt_lines(receipt()))) & {"█", "▀", "▄"}


@pytest.mark.parametrize("layout", Layout)
def test_every_layout_tells_the_same_facts(layout: Layout) -> None:
    lines = receipt_lines(receipt(), layout)
    for words in (
        f"peaqID        {PEAQ_ID}",
        "Machine       123456   (Identity NFT 123456, Machine NFT 654321)",
        "Bond          1 PEAQ",
        "Fees          0.011003 PEAQ",
    ):
        assert words in lines
    assert max(map(len, lines)) <= PAGE_COLUMNS
    assert sum(HASH in line for line in lines) == 3


def test_on_a_screen_of_24_rows_the_facts_are_seen_last() -> None:
    first, last = receipt_lines(receipt()), receipt_lines(receipt(), Layout.FACTS_LAST)
    assert sorted(first) == sorted(last)
    assert first[0] in last[-20:]
    assert len(receipt_lines(receipt(), Layout.SUMMARY)) < 20

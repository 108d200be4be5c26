"""Numbers of certificates."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lms.credentials import numbers

PLAIN = st.text(numbers.ALPHABET, min_size=11, max_size=11).map(numbers.complete)


@given(PLAIN, st.data())
def test_any_one_wrong_letter_is_noticed(number: str, data: st.DataObject) -> None:
    assert numbers.is_right(number)
    plain = number.replace("-", "")
    place = data.draw(st.integers(0, len(plain) - 1))
    other = data.draw(st.sampled_from([letter for letter in numbers.ALPHABET if letter != plain[place]]))
    assert not numbers.is_right(plain[:place] + other + plain[place + 1 :])


@given(PLAIN, st.integers(0, 11), st.integers(0, 11))
def test_any_two_exchanged_letters_are_noticed(number: str, one: int, two: int) -> None:
    letters = list(number.replace("-", ""))
    letters[one], letters[two] = letters[two], letters[one]
    swapped = "".join(letters)
    assert numbers.is_right(swapped) == (swapped == number.replace("-", ""))


def test_numbers_as_people_type_them() -> None:
    number = numbers.complete("7KQM2FXD93P")
    assert number.startswith("7KQM-2FXD-93P")
    assert numbers.typed(f" {number.lower().replace('-', ' ')} ") == number
    assert numbers.typed("ква") == "KBA"
    assert numbers.typed("7К" + number[2:]) == number
    assert not numbers.is_right("")
    assert not numbers.is_right("7KQM-2FXD")
    assert not numbers.is_right("0000-0000-0000")
    made = {numbers.new() for _ in range(50)}
    assert len(made) == 50
    assert all(map(numbers.is_right, made))

import pytest
from drawn_pages import letters, page


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("afternaon", "afternoon"),  # another letter
        ("Auqust", "August"),
        ("COMPLJCATED", "COMPLICATED"),
    ],
)
def test_a_word_nearly_written_is_read_in_its_case(recognizer, written, read):
    image = page(written, gap=12)
    (word,) = recognizer.read(image, "word", language="en").lines[0].words
    assert letters(word.text) == letters(read)
    assert word.text[1:].isupper() == read.isupper()
    assert word.before == recognizer.read(image, "word").text
    # A changed answer is still the first of its candidates.
    assert all(character.label == character.candidates[0][0] for character in word.characters)


@pytest.mark.parametrize(
    ("word", "alone"), [("modern", "modem"), ("women", "wornen")], ids=["one letter is two", "two letters are one"]
)
def test_letters_are_cut_as_a_word_needs_them(recognizer, word, alone):
    image = page(word, gap=5, pen=3)
    assert recognizer.read(image, "word").text == alone
    (read,) = recognizer.read(image, "word", language="en").lines[0].words
    assert (read.text, read.before) == (word, alone)


@pytest.mark.parametrize("written", ["13540", "Qxzvk", "K", "hospital", "Zorbek"])
def test_what_is_clearly_written_stays_as_it_is(recognizer, written):
    image = page(written, gap=12)
    with_words = recognizer.read(image, "page", language="en")
    assert with_words.lines_to_dict() == recognizer.read(image, "page").lines_to_dict()
    assert all("before" not in word for line in with_words.lines_to_dict()["lines"] for word in line["words"])


def test_what_was_read_before_is_told(recognizer):
    found = recognizer.read(page("afternaon", gap=12), "word", language="en").lines_to_dict()
    assert found["lines"][0]["words"][0]["before"] == "afternaon"


def test_of_digits_alone_no_words_are_made(recognizer):
    image = page("50S", gap=12)
    free = recognizer.read(image, "word", "digits").text
    assert recognizer.read(image, "word", "digits", language="en").text == free


def test_an_unknown_language_is_refused(recognizer):
    with pytest.raises(ValueError, match="no words of 'tlh'"):
        recognizer.read(page("Hot"), "word", language="tlh")

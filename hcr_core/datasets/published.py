"""Counts that others have published, to compare a data set with when theirs is not on the machine."""

from hcr_core.alphabet import DIGITS, LOWERCASE, UPPERCASE

_NIST_SD19 = """
34803 38049 34184 35293 33432 31067 34037 35796 33884 33720
7010 4091 2792 4945 5420 10203 2575 3271 13179 3962 2473 5390 10027 9149 28680 9277 2566 4536 23827 10927 14146 4951
5026 2731 2359 2698
11196 5551 11315 11421 28299 2493 3839 9713 2788 1920 2562 16937 2634 12856 2761 2401 3115 15934 2698 20793 2837 2854
2699 2820 5088 2726
"""
_A_Z = """
13869 8668 23409 10134 11440 1163 5762 7218 1120 8493 5603 11586 12336 19010 57825 19341 5812 11566 48419 22495 29008
4182 10784 6272 10859 6076
"""

#: Images of each label by the title of the data set they were published for: NIST Special Database 19
#: as a tutorial on it prints them, and the A-Z Handwritten Alphabets CSV of 372,450 images.
PUBLISHED_COUNTS: dict[str, dict[str, int]] = {
    "NIST SD19 (published)": dict(zip(DIGITS + UPPERCASE + LOWERCASE, map(int, _NIST_SD19.split()), strict=True)),
    "A-Z Handwritten Alphabets (published)": dict(zip(UPPERCASE, map(int, _A_Z.split()), strict=True)),
}

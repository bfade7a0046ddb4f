"""Handwritten character recognition: preprocessing, recognition, data sets and training.

>>> from hcr_core import Recognizer
>>> Recognizer.load().read(image).text
'A'
"""

from hcr_core.recognition import Reading, Recognizer

__all__ = ["Reading", "Recognizer"]

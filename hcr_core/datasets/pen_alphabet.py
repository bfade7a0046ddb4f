"""Pen strokes of all 62 characters, written by code: for examples and tests, not real handwriting."""

import re

import numpy as np

# One character a line, in a box of about 100 x 100 units (x right, y down; descenders reach 140).
# M x,y starts a stroke; L x,y draws a line; C draws a cubic Bezier of three points;
# A cx,cy rx,ry from,to draws an arc of an ellipse between two angles in degrees (0 right, 90 down).
_PATHS = """
0 A 50,50 32,50 270,-90
1 M 30,24 L 52,0 L 52,100
2 A 50,28 32,28 190,370 C 76,62 40,80 16,100 L 86,100
3 A 46,26 30,26 205,450 A 46,76 34,25 -90,160
4 M 66,100 L 66,0 L 12,68 L 92,68
5 M 80,0 L 28,0 L 26,44 A 48,68 34,32 -130,145
6 M 70,2 C 36,14 18,44 18,70 A 50,70 32,30 180,-180
7 M 14,0 L 86,0 C 66,30 46,66 40,100
8 A 50,25 26,25 90,-270 A 50,75 32,25 -90,270
9 A 48,30 30,30 0,-360 L 70,100
A M 8,100 L 50,0 L 92,100 M 24,64 L 76,64
B M 20,0 L 20,100 M 20,0 L 48,0 A 48,24 26,24 -90,90 L 20,48 M 48,48 A 50,74 32,26 -90,90 L 20,100
C A 55,50 42,50 -50,-310
D M 20,0 L 20,100 M 20,0 L 40,0 A 40,50 46,50 -90,90 L 20,100
E M 80,0 L 20,0 L 20,100 L 80,100 M 20,48 L 70,48
F M 80,0 L 20,0 L 20,100 M 20,46 L 68,46
G A 55,50 42,50 -50,-325 L 90,55 L 58,55
H M 15,0 L 15,100 M 85,0 L 85,100 M 15,50 L 85,50
I M 50,0 L 50,100 M 25,0 L 75,0 M 25,100 L 75,100
J M 70,0 L 70,70 A 43,70 27,30 0,170 M 42,0 L 96,0
K M 18,0 L 18,100 M 80,0 L 18,58 M 38,40 L 84,100
L M 20,0 L 20,100 L 80,100
M M 8,100 L 16,0 L 50,70 L 84,0 L 92,100
N M 15,100 L 15,0 L 85,100 L 85,0
O A 50,50 45,50 270,-90
P M 20,100 L 20,0 L 52,0 A 52,26 30,26 -90,90 L 20,52
Q A 50,50 45,50 270,-90 M 60,66 L 98,108
R M 20,100 L 20,0 L 52,0 A 52,26 30,26 -90,90 L 20,52 M 45,52 L 86,100
S M 80,16 C 62,-8 20,-4 22,26 C 24,52 80,46 80,74 C 80,108 26,108 16,82
T M 5,0 L 95,0 M 50,0 L 50,100
U M 14,0 L 14,62 A 50,62 36,38 180,0 L 86,0
V M 8,0 L 50,100 L 92,0
W M 2,0 L 26,100 L 50,30 L 74,100 L 98,0
X M 12,0 L 88,100 M 88,0 L 12,100
Y M 10,0 L 50,50 M 90,0 L 50,50 L 50,100
Z M 14,0 L 86,0 L 14,100 L 88,100
a A 44,68 30,32 0,-360 M 74,36 L 74,86 C 74,96 80,100 88,98
b M 22,0 L 22,100 M 22,68 A 48,68 27,31 180,540
c A 52,68 34,32 -45,-315
d A 44,68 30,32 0,-360 M 74,0 L 74,100
e M 20,68 L 80,68 A 50,68 30,32 0,-310
f M 76,10 C 62,-6 44,2 44,28 L 44,100 M 20,44 L 70,44
g A 46,62 28,27 0,-360 M 74,34 L 74,108 A 48,108 26,26 0,150
h M 22,0 L 22,100 M 22,62 A 46,62 24,26 180,360 L 70,100
i M 50,36 L 50,100 M 50,8 L 50,12
j M 55,36 L 55,108 A 34,108 21,22 0,150 M 55,8 L 55,12
k M 24,0 L 24,100 M 68,40 L 24,74 M 40,64 L 72,100
l M 50,0 L 50,86 C 50,96 56,102 66,98
m M 10,38 L 10,100 M 10,60 A 30,60 20,22 180,360 L 50,100 M 50,60 A 70,60 20,22 180,360 L 90,100
n M 24,36 L 24,100 M 24,62 A 48,62 24,26 180,360 L 72,100
o A 50,68 30,32 270,-90
p M 24,36 L 24,140 M 24,66 A 50,66 27,30 180,540
q A 46,66 28,30 0,-360 M 74,36 L 74,140 L 90,126
r M 28,36 L 28,100 M 28,64 C 32,44 48,34 66,42
s M 70,44 C 58,28 30,32 32,50 C 34,68 72,64 72,82 C 72,104 38,104 26,90
t M 48,8 L 48,86 C 48,98 58,102 70,94 M 22,38 L 74,38
u M 22,38 L 22,76 A 46,76 24,24 180,0 M 70,38 L 70,100
v M 16,38 L 48,100 L 80,38
w M 8,38 L 28,100 L 50,54 L 72,100 L 92,38
x M 22,38 L 76,100 M 76,38 L 22,100
y M 20,38 L 50,90 M 80,38 L 34,138
z M 22,38 L 76,38 L 22,100 L 80,100
"""
_COMMAND = re.compile(r"([MLCA])((?: -?\d+,-?\d+)+)")
#: Points along a curve: steps below a twentieth of the character.
_STEPS = 25


def pen_strokes(label: str) -> list[np.ndarray]:
    """The strokes of a character, each float32 (n, 2) of x (right) and y (down), 100 units high.

    Raises ``KeyError`` for a label outside 0-9, A-Z, a-z.
    """
    strokes: list[list[np.ndarray]] = []
    for command, numbers in _COMMAND.findall(_PATH_OF[label]):
        points = np.array([pair.split(",") for pair in numbers.split()], np.float32)
        if command == "M":
            strokes.append([points])
        elif command == "L":
            strokes[-1].append(points)
        elif command == "C":
            strokes[-1].append(_bezier(strokes[-1][-1][-1], points))
        else:
            arc = _arc(*points)
            # An arc goes on from where the pen is; a jump lifts the pen.
            if strokes and np.abs(strokes[-1][-1][-1] - arc[0]).max() < 6:
                strokes[-1].append(arc)
            else:
                strokes.append([arc])
    return [np.concatenate(parts) for parts in strokes]


def _bezier(start: np.ndarray, points: np.ndarray) -> np.ndarray:
    t = np.linspace(0, 1, _STEPS, dtype=np.float32)[1:, None]
    a, b, c = points
    return (1 - t) ** 3 * start + 3 * (1 - t) ** 2 * t * a + 3 * (1 - t) * t**2 * b + t**3 * c


def _arc(centre: np.ndarray, radii: np.ndarray, angles: np.ndarray) -> np.ndarray:
    turn = np.deg2rad(np.linspace(angles[0], angles[1], _STEPS, dtype=np.float32))
    return centre + radii * np.column_stack([np.cos(turn), np.sin(turn)])


_PATH_OF = {line[0]: line[1:] for line in _PATHS.strip().splitlines()}

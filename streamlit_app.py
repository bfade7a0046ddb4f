"""The app: registers the pages. Run with ``make app``."""

import streamlit as st
from PIL import Image

from hcr_core.datasets.pen_alphabet import pen_strokes
from hcr_core.datasets.strokes import render
from hcr_core.journal import timed
from ui.entry import app_started, page_settled

# An icon drawn here, because Streamlit fetches named ones from another host.
ICON = Image.fromarray(255 - render(pen_strokes("a"), width=130))
#: Switches as high as the lists beside them, so that the names above both stand in one row. Tables without their
#: buttons where nothing can hover: there they stay, and cover what is above. And of the captions of ``by_hand`` the
#: one that fits; and wide charts (see ``ui.export.chart``) in their whole width, to be moved under a phone's screen.
STYLE = """<style>
[data-testid="stButtonGroup"] button:not(label button) { min-height: 2.5rem; }
.st-key-by-touch { display: none; }
@media (hover: none) {
  .st-key-by-mouse { display: none; }
  .st-key-by-touch { display: flex; }
  [data-testid="stElementContainer"]:has([data-testid="stDataFrame"]) [data-testid="stElementToolbar"] {
    display: none; }
}
@media (max-width: 640px) {
  [class*="st-key-wide-"] { overflow-x: auto; }
  [class*="st-key-wide-"] > * { min-width: 900px; }
}
</style>"""

st.set_page_config(page_title="Handwriting Studio", page_icon=ICON, layout="wide")
st.html(STYLE)
app_started()
page = st.navigation(
    [
        st.Page("pages/recognize.py", title="Recognize", icon=":material/draw:", default=True),
        st.Page("pages/explore.py", title="Explore", icon=":material/grid_view:", url_path="explore"),
        st.Page("pages/train.py", title="Train", icon=":material/school:", url_path="train"),
        st.Page("pages/teach.py", title="Teach", icon=":material/stylus:", url_path="teach"),
        st.Page("pages/models.py", title="Models", icon=":material/neurology:", url_path="models"),
    ],
    position="top",
)
with timed("page", page=page.title):
    page.run()
page_settled(page.title)

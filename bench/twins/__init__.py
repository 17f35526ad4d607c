"""The floor: a Streamlit app that draws what marops' pages draw, from constants."""

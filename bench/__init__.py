"""Benchmarks: figures printed as ratios beside a floor measured in the same run. `python -m bench` runs all of them.

The floor of a page is its twin: a Streamlit app that draws the same charts, texts and tables from constants.
"""

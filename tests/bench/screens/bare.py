"""The floor: a Streamlit page that does nothing but be one."""

import streamlit as st

st.title("Bare")
st.text_input("Name")
st.markdown("A line of text.")

"""The server: Streamlit as an ASGI application over marops/web/main.py.

`streamlit run app.py`, `python app.py` and `uvicorn app:app` serve it; run by Streamlit's AppTest, it is the main script
itself. The main script lies inside the package on purpose: a `pages/` folder beside it would be discovered as pages of
their own, and the first deep link to a fresh server would run one without the main script and its guard.
"""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

if get_script_run_ctx(suppress_warning=True) is not None:
    from marops.web.main import main

    main()
else:
    from marops.serving import server

    app = st.App(
        server.MAIN,
        lifespan=server.lifespan,
        routes=server.routes(),
        middleware=server.middleware(),
        on_script_error=server.on_script_error,
    )
    if __name__ == "__main__":
        app.run()

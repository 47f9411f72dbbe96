"""The least that a service of Flask can be."""

from flask import Flask


def build() -> Flask:
    app = Flask("bare", static_folder=None)

    @app.get("/livez")
    def livez() -> str:
        return "ok"

    return app

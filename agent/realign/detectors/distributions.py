"""Under which names the modules of a distribution are imported."""

import re

MODULES: dict[str, tuple[str, ...]] = {
    "atlassian-python-api": ("atlassian",),
    "attrs": ("attr", "attrs"),
    "beautifulsoup4": ("bs4",),
    "charset-normalizer": ("charset_normalizer",),
    "discord-py": ("discord",),
    "django-environ": ("environ",),
    "djangorestframework": ("rest_framework",),
    "dnspython": ("dns",),
    "factory-boy": ("factory",),
    "faiss-cpu": ("faiss",),
    "fastapi-users": ("fastapi_users",),
    "gitpython": ("git",),
    "google-api-python-client": ("googleapiclient",),
    "google-generativeai": ("google.generativeai",),
    "grpcio": ("grpc",),
    "jupyter-client": ("jupyter_client",),
    "langchain-openai": ("langchain_openai",),
    "markdown-it-py": ("markdown_it",),
    "msgpack-python": ("msgpack",),
    "mysqlclient": ("mysqldb",),
    "opencv-python": ("cv2",),
    "opencv-python-headless": ("cv2",),
    "pillow": ("pil",),
    "protobuf": ("google.protobuf",),
    "psycopg2-binary": ("psycopg2",),
    "psycopg-binary": ("psycopg",),
    "py-cpuinfo": ("cpuinfo",),
    "pycryptodome": ("crypto",),
    "pycryptodomex": ("cryptodome",),
    "pyjwt": ("jwt",),
    "pymupdf": ("fitz", "pymupdf"),
    "pynacl": ("nacl",),
    "pyobjc": ("objc",),
    "pyopenssl": ("openssl",),
    "pyqt5": ("pyqt5",),
    "pyserial": ("serial",),
    "pysocks": ("socks",),
    "python-dateutil": ("dateutil",),
    "python-docx": ("docx",),
    "python-dotenv": ("dotenv",),
    "python-jose": ("jose",),
    "python-magic": ("magic",),
    "python-pptx": ("pptx",),
    "python-slugify": ("slugify",),
    "python-telegram-bot": ("telegram",),
    "pyyaml": ("yaml",),
    "pyzmq": ("zmq",),
    "ruamel-yaml": ("ruamel.yaml", "ruamel"),
    "scikit-image": ("skimage",),
    "scikit-learn": ("sklearn",),
    "sentry-sdk": ("sentry_sdk",),
    "setuptools": ("setuptools", "pkg_resources"),
    "websocket-client": ("websocket",),
}
"""Distributions whose modules are named otherwise; names in lower case."""

NOT_IMPORTED = re.compile(
    r"^(uvicorn|gunicorn|hypercorn|daphne|waitress|honcho|supervisor|tzdata|wheel|pip|pre-commit"
    r"|python-multipart|email-validator|aiosqlite|asyncpg|psycopg.*|mysqlclient|greenlet|uvloop"
    r"|httptools|whitenoise|brotli|orjson|ujson|lxml|openpyxl|pyarrow|colorama|itsdangerous"
    r"|pytest(-.*)?|coverage|tox|nox|black|isort|ruff|mypy|flake8(-.*)?|pylint|types-.*|.*-stubs)$"
)
"""Started as a command, loaded by another library, or of use to type checkers only."""


def module_names(distribution: str) -> frozenset[str]:
    """Lower-case dotted names that an import of the distribution may begin with."""
    name = re.sub(r"[-_.]+", "-", distribution).lower()
    if name in MODULES:
        return frozenset(MODULES[name])
    plain = {name}
    for start in ("python-", "py-", "py"):
        plain.add(name.removeprefix(start))
    for end in ("-python", "-py", "-sdk", "-client", "-binary"):
        plain.add(name.removesuffix(end))
    return frozenset(
        form
        for each in plain
        if each
        for form in (each.replace("-", "_"), each.replace("-", "."), each.replace("-", ""))
    )

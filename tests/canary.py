"""Looking for a key wherever it could have been written, in the forms in which it could stand."""

from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote, quote_plus


def _inner_base64(key, encode):
    """The digits that a key has in Base64 whatever stands before it and after it."""
    for before in range(3):
        whole = encode(b"\0" * before + key).rstrip(b"=")
        # The first and the last digit may hold bits of the neighbours.
        yield whole[-(-8 * before // 6) : len(whole) - 1]


def forms(key):
    """The key as it is, in an address, and in Base64."""
    plain = key.encode()
    coded = [form for e in (b64encode, urlsafe_b64encode) for form in _inner_base64(plain, e)]
    return {plain, quote(key, safe="").encode(), quote_plus(key).encode(), *coded}


def holding(key, folder, *told):
    """The files that hold a key, and texts that do."""
    wanted = forms(key)
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    contents = [(path, path.read_bytes()) for path in files]
    contents += [(text, text.encode()) for text in told]
    return [name for name, content in contents if any(form in content for form in wanted)]

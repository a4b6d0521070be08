"""The Hub's protocol as `huggingface_hub` and `datasets` speak it, for datasets, on this machine.

Left out: quotas, the Hub's own rules for metadata, rate limits (a fault brings those), models and spaces.
"""

import base64
import binascii
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import yaml
from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse

from .faults import Traffic
from .repository import LFS_ENDINGS, Commit, Entry, PullRequest, Repository, lfs_pointer
from .storage import Storage

USER = "user"


class RefusedError(Exception):
    """An answer that is not the one asked for."""

    def __init__(self, status: int, message: str, code: str = "", **content: Any) -> None:
        self.response = JSONResponse({"error": message, **content}, status)
        self.response.headers["X-Error-Message"] = message
        if code:
            self.response.headers["X-Error-Code"] = code


class Hub:
    """Everything that the loopback Hub knows."""

    def __init__(self, folder: Path, is_xet: bool, tokens: dict[str, set[str]]) -> None:
        self.storage, self.is_xet = Storage(folder), is_xet
        self.tokens = tokens
        """Rights of each token: `read`, `write`."""
        self.repositories: dict[str, Repository] = {}
        self.traffic = Traffic()
        self.url = self.blobs = ""
        """Where it answers, and by another host's name where its large files are."""

    def rights(self, request: Request) -> set[str]:
        """What the request's token may do; 401 for one that nobody has."""
        given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if given and given not in self.tokens:
            raise RefusedError(401, "Invalid credentials in Authorization header")
        return self.tokens.get(given, set())

    def repository(self, name: str, request: Request, is_writing: bool = False) -> Repository:
        """A repository that the request may see, and change where it is `writing`."""
        rights, found = self.rights(request), self.repositories.get(name)
        if found is None or (found.private and "read" not in rights):
            raise RefusedError(404 if rights else 401, "Repository not found", "RepoNotFound")
        if is_writing and "write" not in rights:
            raise RefusedError(403, "Forbidden: you don't have the required permissions")
        return found

    def commit(self, repository: Repository, revision: str) -> Commit:
        """The commit of a revision."""
        found = repository.at(unquote(revision))
        if found is None:
            raise RefusedError(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return found


def hub_app(hub: Hub) -> FastAPI:
    """The application that answers for a Hub."""
    app = FastAPI(openapi_url=None)

    @app.exception_handler(RefusedError)
    async def refuse(_: Request, refused: RefusedError) -> Response:
        return refused.response

    _accounts(app, hub)
    _writing(app, hub)
    _large_files(app, hub)
    _naming(app, hub)
    _reading(app, hub)
    return app


def _accounts(app: FastAPI, hub: Hub) -> None:
    @app.get("/api/whoami-v2")
    async def whoami(request: Request) -> Any:
        if not hub.rights(request):
            raise RefusedError(401, "Invalid credentials in Authorization header")
        return {"type": "user", "name": USER, "fullname": USER, "orgs": [], "auth": {"type": "access_token"}}

    @app.post("/oauth/token")
    async def exchange(request: Request) -> Any:
        asked = await request.json()
        if asked["subject_token"] not in hub.tokens:
            raise RefusedError(401, "unknown id token")
        return {"access_token": asked["subject_token"], "token_type": "bearer", "expires_in": 3600}

    @app.post("/api/repos/create")
    async def create(request: Request) -> Any:
        asked = await request.json()
        if "write" not in hub.rights(request):
            raise RefusedError(403 if hub.rights(request) else 401, "You don't have the rights to create a dataset")
        name = f"{asked.get('organization') or USER}/{asked['name']}"
        url = f"{hub.url}/datasets/{name}"
        if name in hub.repositories:
            raise RefusedError(409, "You already created this dataset repo", url=url)
        hub.repositories[name] = Repository.empty(name, asked.get("visibility") == "private")
        return {"url": url, "name": name}

    @app.post("/api/validate-yaml")
    async def validate(request: Request) -> Any:
        content = (await request.json())["content"]
        try:
            metadata = yaml.safe_load(content.split("---")[1])
            names = [config["config_name"] for config in metadata.get("configs", [])]
            wrong = [f"config {name!r} is no text, or there twice" for name in names if not _is_once(name, names)]
        except (IndexError, KeyError, yaml.YAMLError) as error:
            wrong = [str(error)]
        answer = {"errors": [{"message": message} for message in wrong], "warnings": []}
        return JSONResponse(answer, 400 if wrong else 200)


def _is_once(name: object, names: list[object]) -> bool:
    return isinstance(name, str) and names.count(name) == 1


def _writing(app: FastAPI, hub: Hub) -> None:
    @app.post("/api/datasets/{org}/{name}/preupload/{revision:path}")
    async def preupload(org: str, name: str, revision: str, request: Request) -> Any:
        repository = hub.repository(f"{org}/{name}", request, is_writing=True)
        tree, files = hub.commit(repository, revision).tree, (await request.json())["files"]
        assert len(files) <= 256
        return {"files": [_upload_mode(file["path"], tree.get(file["path"])) for file in files]}

    @app.post("/api/datasets/{org}/{name}/commit/{revision:path}")
    async def commit(org: str, name: str, revision: str, request: Request) -> Any:
        repository = hub.repository(f"{org}/{name}", request, is_writing=True)
        lines = [json.loads(line) for line in (await request.body()).splitlines()]
        header = lines[0]["value"]
        head = hub.commit(repository, revision)
        if header.get("parentCommit", head.oid) != head.oid:
            raise RefusedError(412, "A commit has happened since. Please refresh and try again.")
        tree = dict(head.tree)
        for line in lines[1:]:
            _apply(hub, tree, line["key"], line["value"])
        ref = repository.ref(unquote(revision))
        assert ref is not None
        made = repository.commit(ref, header["summary"], tree)
        return {"commitOid": made.oid, "commitUrl": f"{hub.url}/datasets/{org}/{name}/commit/{made.oid}"}


def _upload_mode(path: str, there: Entry | None) -> dict[str, Any]:
    mode = "lfs" if path.endswith(LFS_ENDINGS) else "regular"
    return {
        "path": path,
        "uploadMode": mode,
        "shouldIgnore": False,
        **({} if there is None else {"oid": there.sha256 or there.oid}),
    }


def _apply(hub: Hub, tree: dict[str, Entry], key: str, value: dict[str, Any]) -> None:
    path = value["path"]
    if key == "file":
        tree[path] = Entry.small(base64.b64decode(value["content"]))
    elif key == "lfsFile":
        size = value.get("size") or hub.storage.path(value["oid"]).stat().st_size
        if not hub.storage.has(value["oid"]):
            raise RefusedError(400, f"the content of {path} was never uploaded")
        tree[path] = Entry.large(value["oid"], size)
    elif key == "deletedFolder":
        for inside in [inside for inside in tree if inside.startswith(path.rstrip("/") + "/")]:
            del tree[inside]
    elif tree.pop(path, None) is None:
        raise RefusedError(404, f"A file with this name doesn't exist: {path}", "EntryNotFound")


def _large_files(app: FastAPI, hub: Hub) -> None:
    @app.post("/datasets/{org}/{name}.git/info/lfs/objects/batch")
    async def batch(org: str, name: str, request: Request) -> Any:
        hub.repository(f"{org}/{name}", request, is_writing=True)
        objects = [_upload_action(hub, asked) for asked in (await request.json())["objects"]]
        return {"transfer": "basic", "objects": objects}

    @app.put("/upload/{sha256}")
    async def put(sha256: str, request: Request) -> Any:
        if not hub.storage.put(sha256, await request.body()):
            raise RefusedError(400, "the content is not what its hash says")
        return {}

    @app.post("/verify/{sha256}")
    async def verify(sha256: str) -> Any:
        if not hub.storage.has(sha256):
            raise RefusedError(404, "the content was never uploaded")
        return {}

    @app.get("/api/datasets/{org}/{name}/xet-{kind}-token/{revision:path}")
    async def xet_token(org: str, name: str, kind: str, request: Request) -> Any:
        hub.repository(f"{org}/{name}", request, is_writing=kind == "write")
        place, until = f"local://{hub.storage.cas}", int(time.time()) + 3600
        headers = {"X-Xet-Cas-Url": place, "X-Xet-Access-Token": "xet", "X-Xet-Token-Expiration": str(until)}
        return JSONResponse({"casUrl": place, "accessToken": "xet", "exp": until}, headers=headers)

    @app.api_route("/blobs/{sha256}", methods=["GET", "HEAD"])
    async def blob(sha256: str) -> Response:
        return FileResponse(hub.storage.path(sha256))  # which answers ranges


def _upload_action(hub: Hub, asked: dict[str, Any]) -> dict[str, Any]:
    oid, size = asked["oid"], asked["size"]
    if hub.storage.has(oid):
        return {"oid": oid, "size": size}
    actions = {"upload": {"href": f"{hub.blobs}/upload/{oid}"}, "verify": {"href": f"{hub.url}/verify/{oid}"}}
    return {"oid": oid, "size": size, "actions": actions}


def _naming(app: FastAPI, hub: Hub) -> None:
    @app.get("/api/datasets/{org}/{name}/refs")
    async def refs(org: str, name: str, request: Request) -> Any:
        repository = hub.repository(f"{org}/{name}", request)
        kinds = {
            "branches": "refs/heads/",
            "tags": "refs/tags/",
            "pullRequests": "refs/pr/",
            "converts": "refs/convert/",
        }
        return {
            kind: [
                {"name": ref.removeprefix(start), "ref": ref, "targetCommit": oid}
                for ref, oid in repository.refs.items()
                if ref.startswith(start)
            ]
            for kind, start in kinds.items()
        }

    @app.post("/api/datasets/{org}/{name}/tag/{revision:path}")
    async def tag(org: str, name: str, revision: str, request: Request) -> Any:
        repository = hub.repository(f"{org}/{name}", request, is_writing=True)
        ref = f"refs/tags/{(await request.json())['tag']}"
        if ref in repository.refs:
            raise RefusedError(409, "Tag reference exists already")
        repository.refs[ref] = hub.commit(repository, revision).oid
        return {}

    @app.post("/api/datasets/{org}/{name}/branch/{branch:path}")
    async def branch(org: str, name: str, branch: str, request: Request) -> Any:
        repository = hub.repository(f"{org}/{name}", request, is_writing=True)
        ref = f"refs/heads/{unquote(branch)}"
        if ref in repository.refs:
            raise RefusedError(409, "Reference already exists")
        repository.refs[ref] = hub.commit(repository, (await request.json()).get("startingPoint", "main")).oid
        return {}

    @app.post("/api/datasets/{org}/{name}/discussions")
    async def open_discussion(org: str, name: str, request: Request) -> Any:
        repository = hub.repository(f"{org}/{name}", request, is_writing=True)
        made = PullRequest(len(repository.pull_requests) + 1, (await request.json())["title"], USER)
        repository.pull_requests.append(made)
        repository.refs[f"refs/pr/{made.num}"] = hub.commit(repository, "main").oid
        return {"num": made.num}

    @app.get("/api/datasets/{org}/{name}/discussions")
    async def discussions(org: str, name: str, request: Request) -> Any:
        repository = hub.repository(f"{org}/{name}", request)
        wanted = {"open": ("open", "draft")}.get(request.query_params.get("status", ""), ("open", "draft", "closed"))
        found = [_discussion(repository, pull) for pull in repository.pull_requests if pull.status in wanted]
        return {"count": len(found), "start": 0, "discussions": found}

    @app.get("/api/datasets/{org}/{name}/discussions/{num}")
    async def discussion(org: str, name: str, num: int, request: Request) -> Any:
        repository = hub.repository(f"{org}/{name}", request)
        of_pull_request = {"changes": {"base": "refs/heads/main"}, "filesWithConflicts": False, "diffUrl": None}
        return {**_discussion(repository, repository.pull_requests[num - 1]), "events": [], **of_pull_request}


def _discussion(repository: Repository, pull: PullRequest) -> dict[str, Any]:
    return {
        "title": pull.title,
        "num": pull.num,
        "author": {"name": pull.author},
        "createdAt": "2026-01-01T00:00:00.000Z",
        "status": pull.status,
        "repo": {"name": repository.name, "type": "dataset"},
        "isPullRequest": True,
    }


def _reading(app: FastAPI, hub: Hub) -> None:
    @app.get("/api/datasets/{org}/{name}/revision/{revision:path}")
    async def info_at(org: str, name: str, revision: str, request: Request) -> Any:
        return _info(hub, hub.repository(f"{org}/{name}", request), revision)

    @app.get("/api/datasets/{org}/{name}/tree/{place:path}")
    async def tree(org: str, name: str, place: str, request: Request) -> Any:
        repository = hub.repository(f"{org}/{name}", request)
        commit, folder = _revision_and_path(hub, repository, place)
        is_recursive = request.query_params.get("recursive", "").lower() in ("true", "1")
        found = list(_listed(hub, commit, folder, is_recursive))
        if folder and not found:
            raise RefusedError(404, f"{folder} does not exist on {place}", "EntryNotFound")
        return found

    @app.post("/api/datasets/{org}/{name}/paths-info/{revision:path}")
    async def paths_info(org: str, name: str, revision: str, request: Request) -> Any:
        commit = hub.commit(hub.repository(f"{org}/{name}", request), revision)
        asked = parse_qs((await request.body()).decode()).get("paths", [])
        found = {entry["path"]: entry for entry in _listed(hub, commit, "", is_recursive=True)}
        return [found[path] for path in asked if path in found]

    @app.get("/api/datasets/{org}/{name}/commits/{revision:path}")
    async def commits(org: str, name: str, revision: str, request: Request) -> Any:
        repository = hub.repository(f"{org}/{name}", request)
        hub.commit(repository, revision)
        return [
            {"id": made.oid, "title": made.summary, "message": "", "date": made.date, "authors": [{"user": USER}]}
            for made in reversed(repository.history(unquote(revision)))
        ]

    @app.get("/api/datasets/{org}/{name}")
    async def info(org: str, name: str, request: Request) -> Any:
        return _info(hub, hub.repository(f"{org}/{name}", request), "main")

    @app.api_route("/datasets/{org}/{name}/resolve/{place:path}", methods=["GET", "HEAD"])
    async def resolve(org: str, name: str, place: str, request: Request) -> Response:
        repository = hub.repository(f"{org}/{name}", request)
        commit, path = _revision_and_path(hub, repository, place)
        entry = commit.tree.get(path)
        if entry is None:
            raise RefusedError(404, "Entry not found", "EntryNotFound")
        headers = {"X-Repo-Commit": commit.oid, "ETag": f'"{entry.oid}"', "Accept-Ranges": "bytes"}
        if entry.data is not None:
            return Response(entry.data, headers=headers, media_type="text/plain")
        headers |= {"X-Linked-Etag": f'"{entry.sha256}"', "X-Linked-Size": str(entry.size)}
        if hub.is_xet and (xet := hub.storage.xet_hash(entry.sha256 or "")):
            auth = f"{hub.url}/api/datasets/{org}/{name}/xet-read-token/{commit.oid}"
            headers |= {"X-Xet-Hash": xet, "Link": f'<{auth}>; rel="xet-auth"'}
        return RedirectResponse(f"{hub.blobs}/blobs/{entry.sha256}", 302, headers)


def _info(hub: Hub, repository: Repository, revision: str) -> dict[str, Any]:
    commit = hub.commit(repository, revision)
    return {
        "id": repository.name,
        "sha": commit.oid,
        "private": repository.private,
        "gated": False,
        "disabled": False,
        "tags": [],
        "downloads": 0,
        "likes": 0,
        "lastModified": commit.date,
        "siblings": [{"rfilename": path} for path in sorted(commit.tree)],
    }


def _revision_and_path(hub: Hub, repository: Repository, place: str) -> tuple[Commit, str]:
    """The commit and the path in it that `revision/path` says; revisions may have slashes."""
    parts = unquote(place).strip("/").split("/")
    for length in range(len(parts), 0, -1):
        found = repository.at("/".join(parts[:length]))
        if found is not None:
            return found, "/".join(parts[length:])
    raise RefusedError(404, f"Invalid rev id: {parts[0]}", "RevisionNotFound")


def _listed(hub: Hub, commit: Commit, folder: str, is_recursive: bool) -> list[dict[str, Any]]:
    start = f"{folder}/" if folder else ""
    found: dict[str, dict[str, Any]] = {}
    for path, entry in sorted(commit.tree.items()):
        if not path.startswith(start):
            continue
        parts = path.removeprefix(start).split("/")
        for depth in range(1, len(parts)) if is_recursive else [1] if len(parts) > 1 else []:
            name = start + "/".join(parts[:depth])
            oid = f"{binascii.crc32(name.encode()):040x}"
            found.setdefault(name, {"type": "directory", "oid": oid, "size": 0, "path": name})
        if is_recursive or len(parts) == 1:
            found[path] = _file_info(hub, path, entry)
    return list(found.values())


def _file_info(hub: Hub, path: str, entry: Entry) -> dict[str, Any]:
    about: dict[str, Any] = {"type": "file", "oid": entry.oid, "size": entry.size, "path": path}
    if entry.sha256 is not None:
        pointer = len(lfs_pointer(entry.sha256, entry.size))
        about["lfs"] = {"oid": entry.sha256, "size": entry.size, "pointerSize": pointer}
        if hub.is_xet and (xet := hub.storage.xet_hash(entry.sha256)):
            about["xetHash"] = xet
    return about

"""Settings: what can be set, its default and what is allowed. `settings_load` reads and checks them.

`docs/settings.md` is generated from the fields below (`vikno settings --markdown`).
"""

from __future__ import annotations

import ipaddress
import os
import stat
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from cryptography import x509
from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from web.eid import configured
from web.mail import addresses
from web.mail.addresses import Sender, parse_sender

ISSUER_NAME = "Вікно, мережа центрів надання адміністративних послуг"
PREFIX = "VIKNO_"

Port = Annotated[int, Field(ge=1, le=65535)]
AddressList = Annotated[list[str], NoDecode]
_PORT = "a whole number from 1 to 65535"


def _setting(default: Any, description: str, *, allowed: str, example: str, **rest: Any) -> Any:
    """A field with the words that the documentation and the error messages use."""
    secret = rest.pop("secret", False)
    extra = {"allowed": allowed, "example": example, "secret": secret}
    return Field(default, description=description, json_schema_extra=extra, **rest)


class Settings(BaseSettings):
    """Every setting of Vikno. Units are part of the descriptions; paths are relative to the working directory."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True)

    data: Path = _setting(
        Path("data"),
        "Folder for everything that is kept: database, keys, journals, files.",
        allowed="a folder that Vikno may write to",
        example="/var/lib/vikno",
    )
    public_url: str = _setting(
        "",
        "Address under which people reach Vikno; links and cookies are made with it. "
        "Empty: `http://localhost:PORT`, or `https://` when TLS is on.",
        allowed="http:// or https:// and a host, without a path",
        example="https://vikno.example.ua",
    )
    issuer_name: str = _setting(
        ISSUER_NAME,
        "Full legal name of who issues certificates here; it stands on each, and stays as it was when it was issued.",
        allowed="a name of at most 300 characters",
        example="Асоціація «Приклад»",
        max_length=300,
    )
    seal_key: Path | None = _setting(
        None,
        "File (PKCS#12) with the key and the certificate of the electronic seal that is put on certificates' documents "
        "(PDF). What to know: [certificates](credentials.md#the-electronic-seal). Empty: no seal.",
        allowed="a readable PKCS#12 file",
        example="/etc/vikno/seal.p12",
    )
    seal_password_file: Path | None = _setting(
        None,
        "File whose first line is the password of `VIKNO_SEAL_KEY`.",
        allowed="a file that not everybody may read",
        example="/etc/vikno/seal.password",
    )
    seal_time_server: str = _setting(
        "",
        "Time-stamp server (RFC 3161) that attests when a document was sealed. Empty: the seal says it by the clock of "
        "this machine.",
        allowed="http:// or https:// and the rest of an address",
        example="http://tsp.example.ua/tsp",
    )
    seal_authorities: Path | None = _setting(
        None,
        "Certificates (PEM) of authorities whose seals on PDFs are called trusted when a file is checked, those of "
        "time-stamp servers included. Empty: whether a seal holds is told, and of strangers' that they are unknown.",
        allowed="a readable PEM file",
        example="/etc/vikno/seal-authorities.pem",
    )
    http_host: str = _setting(
        "",
        "Address that the web server listens on. Empty: every IPv4 and IPv6 address of the machine. "
        "Behind a proxy on the same machine: `127.0.0.1`.",
        allowed="an IP address or localhost",
        example="127.0.0.1",
    )
    http_port: Port = _setting(
        8000, "TCP port of the web server: pages, API, signaling, WHIP and WHEP.", allowed=_PORT, example="443"
    )
    web_processes: int = _setting(
        1,
        "Web processes that share the HTTP port, each with its own processor time: pages for more people at once.",
        allowed="a whole number from 1 to 32",
        example="2",
        ge=1,
        le=32,
    )
    node_http_port: Port = _setting(
        8701,
        "TCP port of media node 0 on 127.0.0.1; node n listens on this + n. Nobody outside needs it.",
        allowed=_PORT,
        example="8701",
    )
    media_port: Port = _setting(
        8801,
        "UDP port of media node 0; node n uses this + n. Participants must reach it.",
        allowed=_PORT,
        example="8801",
    )
    media_nodes: int = _setting(
        1,
        "Media nodes, one processor core each. A meeting lives on one node.",
        allowed="a whole number from 1 to 64",
        example="2",
        ge=1,
        le=64,
    )
    media_addresses: AddressList = _setting(
        [],
        "IP addresses announced to participants, separated by commas. Empty: every address of the machine. "
        "Behind NAT: the public address that forwards the media ports.",
        allowed="IP addresses, separated by commas",
        example="203.0.113.7",
    )
    program_viewers: int = _setting(
        300,
        "People who may watch streams by WebRTC at a time, on each media node; each takes about 2.6 Mbit/s. More of "
        "them watch some seconds later, by HLS.",
        allowed="a whole number from 0 to 5000",
        example="100",
        ge=0,
        le=5_000,
    )
    stream_ca: Path | None = _setting(
        None,
        "Certificate authorities (PEM) that are trusted beside the system's when a stream goes to a server by RTMPS.",
        allowed="a readable PEM file",
        example="/etc/vikno/authority.pem",
    )
    stream_inner: bool = _setting(
        False,
        "Whether the name of a server that a stream goes to may lead into a private network, or to this machine. An "
        "inner address that is written as one is for administrators to enter, and always allowed.",
        allowed="true or false",
        example="true",
    )
    recordings_keep_days: int = _setting(
        90,
        "For how many days recordings of meetings are kept that are no dates of a series; 0: until somebody deletes "
        "them. For dates of a series its rule holds.",
        allowed="a whole number from 0 to 3650",
        example="30",
        ge=0,
        le=3_650,
    )
    database_url: str = _setting(
        "",
        "SQLAlchemy URL of the database. Empty: SQLite in the data folder.",
        allowed="sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME",
        example="postgresql+psycopg://vikno@localhost/vikno",
        secret=True,
    )
    tls_cert: Path | None = _setting(
        None,
        "TLS certificate chain (PEM); set together with `VIKNO_TLS_KEY`.",
        allowed="a readable PEM file",
        example="/etc/vikno/fullchain.pem",
    )
    tls_key: Path | None = _setting(
        None,
        "Private key of the TLS certificate (PEM, not encrypted).",
        allowed="a readable PEM file",
        example="/etc/vikno/privkey.pem",
    )
    trusted_proxies: AddressList = _setting(
        ["127.0.0.1", "::1"],
        "Reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, separated by commas.",
        allowed="IP addresses or networks, separated by commas",
        example="10.0.0.2",
    )
    log_format: Literal["auto", "json", "console"] = _setting(
        "auto",
        "How log lines look. `auto`: readable in a terminal, JSON elsewhere.",
        allowed="auto, json or console",
        example="json",
    )
    log_level: Literal["debug", "info", "warning", "error"] = _setting(
        "info",
        "The least important lines that are still logged.",
        allowed="debug, info, warning or error",
        example="warning",
    )
    mail_url: str = _setting(
        "",
        "SMTP server that mail is handed to, with user and password if it wants them. `smtps://` is TLS from the "
        "start; `smtp://` uses STARTTLS when there is a user, or with `?starttls=yes`. Empty: mails go to the folder "
        "`outbox` in the data folder, and the pages of `/mail` show them.",
        allowed="smtp:// or smtps://, USER:PASSWORD@ if needed, HOST, :PORT if unusual, ?starttls=yes or no",
        example="smtp://vikno:PASSWORD@mail.example.ua:587",
        secret=True,
    )
    mail_sender: str = _setting(
        "",
        "Whom mails come from; answers and bounces come back there. "
        "Empty: `vikno@` and the host of the public address.",
        allowed="an e-mail address, or a name and the address in angle brackets",
        example="Вікно <vikno@example.ua>",
    )
    mail_per_minute: int = _setting(
        300,
        "How many mails are handed to the server within a minute at most; what is over waits.",
        allowed="a whole number from 1 to 100000",
        example="60",
        ge=1,
        le=100_000,
    )
    mail_inbox: str = _setting(
        "",
        "Where mail to the sender's address arrives: answers of calendars and bounces are read there. Empty: nowhere.",
        allowed="maildir:///FOLDER, or imaps:// or imap://, USER:PASSWORD@HOST, /FOLDER if not INBOX",
        example="imaps://vikno:PASSWORD@mail.example.ua/INBOX",
        secret=True,
    )
    open_data: bool = _setting(
        False,
        "Whether anybody may have the network's figures, by oblast and year and by month, at `/open-data`: counts "
        "without names, small groups left out.",
        allowed="true or false",
        example="true",
    )
    eid_providers: Path | None = _setting(
        None,
        "File (TOML) that names the services by which people may sign in beside their password: id.gov.ua, OpenID "
        "Connect. What stands in it: [administration](administration.md#signing-in-by-an-electronic-identity). Empty: "
        "passwords alone.",
        allowed="a TOML file that not everybody may read",
        example="/etc/vikno/eid.toml",
    )
    demo: bool = _setting(
        False,
        "Demo data and three headless participants in the meeting `demo`, which is open to anyone with a name.",
        allowed="true or false",
        example="true",
    )

    @field_validator("media_addresses", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("media_addresses")
    @classmethod
    def _addresses(cls, value: list[str]) -> list[str]:
        return [str(ipaddress.ip_address(part)) for part in value]

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        return [str(part) for part in value if ipaddress.ip_network(part)]

    @field_validator("http_host")
    @classmethod
    def _host(cls, value: str) -> str:
        return value if value in ("", "localhost") else str(ipaddress.ip_address(value))

    @field_validator("public_url")
    @classmethod
    def _url(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/")):
            raise ValueError("that is not the address of a web site")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("that is not a supported database")
        return value

    @field_validator("mail_url")
    @classmethod
    def _mail_server(cls, value: str) -> str:
        if value:
            addresses.smtp_of(value)
        return value

    @field_validator("mail_sender")
    @classmethod
    def _sender(cls, value: str) -> str:
        if value:
            parse_sender(value)
        return value

    @field_validator("mail_inbox")
    @classmethod
    def _inbox(cls, value: str) -> str:
        if value:
            addresses.check_inbox(value)
        return value

    @field_validator("eid_providers")
    @classmethod
    def _services(cls, value: Path | None) -> Path | None:
        if value is not None:
            configured.read(value)
        return value

    @field_validator("seal_password_file")
    @classmethod
    def _private(cls, value: Path | None) -> Path | None:
        if value is not None and value.is_file() and stat.S_IMODE(value.stat().st_mode) & 0o007:
            raise ValueError(f"everybody may read it; close it: chmod o-rwx {value}")
        return value

    @field_validator("seal_time_server")
    @classmethod
    def _time_server(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError("that is not the address of a server")
        return value

    @field_validator("seal_authorities")
    @classmethod
    def _certificates(cls, value: Path | None) -> Path | None:
        if value is not None:
            try:
                x509.load_pem_x509_certificates(value.read_bytes())
            except OSError as error:
                raise ValueError(f"{value} cannot be read: {error.strerror}") from None
            except ValueError:
                raise ValueError(f"{value} holds no certificates in PEM") from None
        return value

    @field_validator("tls_cert", "tls_key", "stream_ca")
    @classmethod
    def _readable(cls, value: Path | None) -> Path | None:
        if value is not None and not (value.is_file() and os.access(value, os.R_OK)):
            raise ValueError("there is no such file, or it may not be read")
        return value

    @model_validator(mode="after")
    def _together(self) -> Settings:
        if (self.tls_cert is None) != (self.tls_key is None):
            missing = "VIKNO_TLS_KEY" if self.tls_key is None else "VIKNO_TLS_CERT"
            raise ValueError(f"{missing} is missing: a certificate and its key are set together, or neither")
        for name in ("node_http_port", "media_port"):
            if getattr(self, name) + self.media_nodes - 1 > 65535:
                raise ValueError(
                    f"{PREFIX}{name.upper()} + VIKNO_MEDIA_NODES goes beyond port 65535; take a lower port"
                )
        if self.node_http_port <= self.http_port < self.node_http_port + self.media_nodes:
            raise ValueError("VIKNO_HTTP_PORT is among the media nodes' own ports (VIKNO_NODE_HTTP_PORT); take another")
        return self

    @property
    def tls(self) -> bool:
        """Whether the web server itself speaks TLS."""
        return self.tls_cert is not None

    @property
    def site_url(self) -> str:
        """The public address without a slash at its end."""
        return self.public_url or self.local_url

    @property
    def local_url(self) -> str:
        """The web server as this machine reaches it."""
        scheme, usual = ("https", 443) if self.tls else ("http", 80)
        host = f"[{self.http_host}]" if ":" in self.http_host else self.http_host
        if self.http_host in ("", "0.0.0.0", "::"):  # noqa: S104 - compared, not bound
            host = "localhost"
        return f"{scheme}://{host}" + ("" if self.http_port == usual else f":{self.http_port}")

    @property
    def sqlalchemy_url(self) -> str:
        """The database's URL, the default filled in."""
        return self.database_url or f"sqlite:///{(self.data / 'vikno.sqlite3').absolute()}"

    @property
    def sender(self) -> Sender:
        """Whom mails come from, the default filled in."""
        if self.mail_sender:
            return parse_sender(self.mail_sender)
        return Sender(f"vikno@{urlsplit(self.site_url).hostname or 'localhost'}", "Вікно")

    @property
    def outbox(self) -> Path | None:
        """The folder that mails go to when there is no mail server."""
        return None if self.mail_url else self.data / "outbox"

    def node_url(self, node: int) -> str:
        """Where media node `node` answers HTTP and WebSocket: loopback only."""
        return f"http://127.0.0.1:{self.node_http_port + node}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `settings_load` gives (command line and file) and, between the two, the environment."""
        return init_settings, env_settings

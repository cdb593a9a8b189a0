"""The profiles that come with Kulvert, and those that a utility writes itself."""

from pathlib import Path

from services.ingest.sources.profile import Profile, ProfileError, profile

_FOLDER = Path(__file__).parent / "profiles"


def profile_names() -> list[str]:
    """Name the profiles that come with Kulvert."""
    return sorted(file.stem for file in _FOLDER.glob("*.toml"))


def profile_named(name: str) -> Profile:
    """Give a profile by its name or, for a name that ends in .toml, from that file. Raises ProfileError."""
    file = Path(name) if name.endswith(".toml") else _FOLDER / f"{name}.toml"
    if not name.endswith(".toml") and name not in profile_names():
        raise ProfileError(
            f"there is no profile '{name}'; there are {', '.join(profile_names())}, or name a .toml file"
        )
    try:
        return profile(file.read_text(encoding="utf-8"), name)
    except OSError as error:
        raise ProfileError(f"the profile {name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ProfileError(f"the profile {name} is not UTF-8; save it as UTF-8") from error

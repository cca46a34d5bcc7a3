import pytest

from intercoder.core.errors import ModelError
from intercoder.llms.references import OPENAI_URL, parse_reference, same_model


@pytest.mark.parametrize(
    ("text", "backend", "name", "url"),
    [
        ("embedded:smollm2-135m", "embedded", "smollm2-135m", ""),
        ("hf:/models/my model", "hf", "/models/my model", ""),
        ("hf:Qwen/Qwen2.5-0.5B-Instruct", "hf", "Qwen/Qwen2.5-0.5B-Instruct", ""),
        ("scripted:words", "scripted", "words", ""),
        ("openai:gpt-4o", "openai", "gpt-4o", OPENAI_URL),
        ("openai:llama3.2:3b@http://127.0.0.1:11434/v1", "openai", "llama3.2:3b", "http://127.0.0.1:11434/v1"),
        ("openai:Qwen/Qwen3-8B@http://[::1]:8000/v1/", "openai", "Qwen/Qwen3-8B", "http://[::1]:8000/v1"),
        ("openai:@cf/meta/llama@https://gate.example/v1", "openai", "@cf/meta/llama", "https://gate.example/v1"),
        (" openai:m@http://localhost:1/v1 ", "openai", "m", "http://localhost:1/v1"),
    ],
)
def test_references_are_read(text: str, backend: str, name: str, url: str) -> None:
    reference = parse_reference(text)
    assert (reference.backend, reference.name, reference.url) == (backend, name, url)


SEVERAL = "openai:m@http://127.0.0.1:1/v1|http://127.0.0.1:2/v1"


def test_several_servers_of_one_model_are_read() -> None:
    reference = parse_reference("openai:org/m:7b@http://127.0.0.1:1/v1/ | http://[::1]:2/v1")
    assert (reference.name, reference.urls) == ("org/m:7b", ("http://127.0.0.1:1/v1", "http://[::1]:2/v1"))
    assert str(reference) == "openai:org/m:7b@http://127.0.0.1:1/v1|http://[::1]:2/v1"


@pytest.mark.parametrize(
    ("urls", "expected"),
    [
        ("http://127.0.0.1:1/v1|http://127.0.0.1:1/v1/", "twice"),
        ("http://127.0.0.1:1/v1|", "not the address"),
        ("http://127.0.0.1:1/v1|127.0.0.1:2/v1", "not the address"),
        (f"http://127.0.0.1:1/v1|{OPENAI_URL}", "OpenAI itself"),
        ("http://127.0.0.1:1/v1|http://user:hunter2@127.0.0.1/v1", "must not hold a user name"),
    ],
)
def test_servers_that_cannot_stand_together_are_refused(urls: str, expected: str) -> None:
    with pytest.raises(ModelError, match=expected) as caught:
        parse_reference(f"openai:m@{urls}")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("openai:m@http://127.0.0.1:2/v1|http://127.0.0.1:1/v1", True),
        ("openai:m@http://127.0.0.1:8/v1|http://127.0.0.1:9/v1", True),
        ("openai:m@http://127.0.0.1:1/v1", True),
        ("openai:n@http://127.0.0.1:1/v1|http://127.0.0.1:2/v1", False),
        ("openai:m", False),
        ("openai:m@https://API.openai.com/v1", False),
        ("hf:m", False),
    ],
)
def test_with_several_servers_a_model_is_known_by_its_name(other: str, same: bool) -> None:
    assert same_model(SEVERAL, other) is same_model(other, SEVERAL) is same


def test_of_two_single_addresses_another_is_another_model() -> None:
    assert not same_model("openai:m@http://127.0.0.1:1/v1", "openai:m@http://127.0.0.1:2/v1")


@pytest.mark.parametrize("text", ["embedded:a", "hf:/a", "scripted:words", "openai:a:b@http://127.0.0.1:1/v1"])
def test_a_reference_prints_as_it_was_written(text: str) -> None:
    assert str(parse_reference(text)) == text
    assert parse_reference(str(parse_reference(text))) == parse_reference(text)


@pytest.mark.parametrize(
    ("text", "location", "remote"),
    [
        ("embedded:a", "this machine", False),
        ("hf:org/a", "this machine", False),
        ("openai:a@http://127.0.0.1:8000/v1", "this machine (127.0.0.1:8000)", False),
        ("openai:a@http://[::1]:8000/v1", "this machine ([::1]:8000)", False),
        ("openai:a@https://LLM.example.org/v1", "llm.example.org", True),
        ("openai:a", "api.openai.com", True),
        (SEVERAL, "this machine (127.0.0.1:1, 127.0.0.1:2)", False),
        ("openai:a@https://b.example/v1|http://[::1]:2/v1", "this machine ([::1]:2), b.example", True),
    ],
)
def test_where_text_goes_is_told(text: str, location: str, remote: bool) -> None:
    reference = parse_reference(text)
    assert (reference.location, reference.remote) == (location, remote)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("embeded:a", "Did you mean `embedded:`?"),
        ("OpenAI:gpt-4o", "Did you mean `openai:`?"),
        ("anthropic:claude", "There is no backend `anthropic`"),
        ("gpt-4o", "begins with its backend"),
        ("", "begins with its backend"),
        ("embedded:", "names no model"),
        ("openai:", "names no model"),
        ("openai:@http://127.0.0.1:1/v1", "names no model"),
        ("openai:a@127.0.0.1:8000/v1", "with http:// or https:// in front"),
        ("openai:a@ftp://127.0.0.1/v1", "not the address of an endpoint"),
    ],
)
def test_unreadable_references_say_what_to_write(text: str, expected: str) -> None:
    with pytest.raises(ModelError) as caught:
        parse_reference(text)
    assert expected in str(caught.value)


def test_unknown_backends_list_the_known_ones() -> None:
    with pytest.raises(ModelError) as caught:
        parse_reference("ollama:llama3")
    assert all(backend in str(caught.value) for backend in ("embedded:", "hf:", "openai:", "scripted:"))


@pytest.mark.parametrize("backend", ["embedded", "hf", "vllm"])
def test_a_model_in_this_process_may_name_an_adapter(backend: str) -> None:
    reference = parse_reference(f"{backend}:tiny#adapters/expert")
    assert (reference.name, reference.adapter) == ("tiny", "adapters/expert")
    assert str(reference) == f"{backend}:tiny#adapters/expert"


@pytest.mark.parametrize(("text", "missing"), [("vllm:tiny#", "no adapter"), ("vllm:#a", "no model")])
def test_half_a_reference_names_what_is_missing(text: str, missing: str) -> None:
    with pytest.raises(ModelError, match=missing):
        parse_reference(text)


@pytest.mark.parametrize("text", ["openai:a@http://user:hunter2@127.0.0.1/v1", "openai:a@user:hunter2@host"])
def test_passwords_in_a_reference_are_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ModelError) as caught:
        parse_reference(text)
    assert "hunter2" not in str(caught.value)

"""Profiles: ours and files of a user's own, what they extend, and the sentence that each mistake gets."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from lake.errors import UserError
from lake.harness.profiles import Profile, load_profile, profile_names
from lake.stages import STAGES

GROUPS = "silver/groups"


def own(folder: Path, text: str, name: str = "own.yaml") -> str:
    """The path of a profile file that says `text`."""
    (folder / name).write_text(text)
    return str(folder / name)


def value(profile: Profile, stage: str, field: str) -> object:
    return getattr(profile.params_of(STAGES[stage]), field)


def test_every_profile_validates_and_says_what_it_is_for() -> None:
    assert profile_names() == ["cpu", "demo", "gpu", "gpu-embedded", "paper", "scale"]
    for name in profile_names():
        assert load_profile(name).summary


def test_a_process_of_one_stage_imports_no_other_stage_for_its_profile() -> None:
    program = """
import sys
from lake.harness.profiles import load_profile
from lake.stages import STAGES
trains = STAGES["models/distiller_sft"]
print(load_profile("demo", [trains]).params_of(trains).recipe.name, {"pyspark", "inference", "spark_jobs"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "demo set()", done.stderr


@pytest.mark.parametrize("name", ["cpu", "demo", "gpu", "gpu-embedded", "paper"])
def test_a_distiller_is_trained_evaluated_and_served_with_one_decoding(name: str) -> None:
    profile = load_profile(name)
    recipes = [value(profile, f"models/distiller_{one}", "recipe") for one in ("sft", "grpo")]
    trained = {(recipe.max_completion_length, recipe.frequency_penalty) for recipe in recipes}  # type: ignore[attr-defined]
    served = {
        (value(profile, stage, "max_tokens"), value(profile, stage, "frequency_penalty"))
        for stage in ("gold/heldout_answers", "gold/distilled")
    }
    assert len(trained) == 1 and served == trained
    assert {value(profile, stage, "temperature") for stage in ("gold/heldout_answers", "gold/distilled")} == {0.0}


@pytest.mark.parametrize(
    ("params", "said"),
    [
        (
            {GROUPS: {"similarity_floor": 3}},
            r"silver/groups: field similarity_floor has the value 3: .*less than or equal to 1",
        ),
        ({GROUPS: {"bogus": 3}}, r"silver/groups: there is no field bogus \(value 3\): there are .*similarity_floor"),
        (
            {"silver/unique_instructions": {"expected_loss": {"logs": {"share": 1}}}},
            "expected_loss.logs.why must be given",
        ),
        (
            {GROUPS: {"gate": {"expected_volume": 3}}},
            r"silver/groups: field gate.expected_volume has the value 3: .*less",
        ),
        (
            {GROUPS: {"gate": {"bogus": 3}}},
            r"silver/groups: there is no field gate.bogus \(value 3\): there are .*enough",
        ),
        ({GROUPS: {"gate": 5}}, "silver/groups: gate has limits and values, not 5"),
        ({GROUPS: 5}, "silver/groups: params are names and values, not 5"),
        ({GROUPS: None}, "silver/groups: params are names and values, not None"),
        ({"models/distiller_sft": {"recipe": "bogus"}}, "bogus"),
    ],
)
def test_a_wrong_value_names_field_value_and_what_is_allowed(params: dict[str, dict[str, object]], said: str) -> None:
    (key,) = params
    with pytest.raises(UserError, match=said):
        profile = Profile("test", "", params)
        profile.params_of(STAGES[key]), profile.limits_of(STAGES[key])


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("offline: maybe", "offline is 'maybe'; allowed are true and false"),
        ("params: [a]", r"params are stages with their params, not \['a'\]"),
        ("colour: red", "unknown field 'colour'; allowed are summary, extends, offline, gpu, params"),
        ("gpu: 1", "gpu is 1; allowed are true and false"),
        ("extends: [cpu, demo]", r"extends is \['cpu', 'demo'\]; allowed is a text"),
        ("[params]", r"holds \['params'\]; allowed are fields with their values"),
        ("word " * 10_000, r"holds 'word .{100,200}\.\.\.; allowed are fields with their values"),
        ("params: [" + "a, " * 9_000 + "]", r"params are stages with their params, not \['a', .{100,200}\.\.\.$"),
        ("extends: demo\nextends: cpu", "is not YAML: 'extends' stands there twice in \"own.yaml\", line 2, column 1"),
        (f"params:\n  {GROUPS}: {{most_size: 7, most_size: 6}}", "'most_size' stands there twice in .* line 2"),
        (
            "a: &a [x, x, x, x, x, x, x, x]\n"
            + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 8)}]\n" for a, b in pairwise("abcdefghijkl")),
            "is not YAML: it has more than 20,000 values, those of anchors counted",
        ),
        (f"params: &all\n  {GROUPS}: *all", "it has more than 20,000 values, those of anchors counted"),
        ("params: " + "[" * 20_000, "is nested too deeply"),
        ("summary: 2024-13-45", "is not YAML: month must be in 1..12"),
        ("summary: !!int many", "is not YAML: invalid literal for int"),
        ("offline: !!bool maybe", "has a value that is not what the `!!` before it says"),
        ("summary: !!timestamp once", "has a value that is not what the `!!` before it says"),
        ("summary: !!int ''", "has a value that is not what the `!!` before it says"),
        ("params:\n\tsilver/groups: {}", "is not YAML: while scanning"),
        (f"params: {{{GROUPS}: {{most_size: {'z' * 9_000}}}}}", r"field most_size has the value 'z{100,200}\.\.\.: "),
        (f"params: {{{GROUPS}: {{similarity_floor: .nan}}}}", "field similarity_floor has the value nan: "),
        (
            "extends: ~nobody-here/base.yaml",
            "'~nobody-here/base.yaml': nothing can lie there: Could not determine home",
        ),
        ("extends: loop.yaml", "'loop.yaml': nothing can lie there: Symlink loop"),
        (f"extends: {'a' * 300}.yaml", "nothing can lie there: File name too long"),
    ],
)
def test_a_profile_that_is_none_gets_a_sentence(tmp_path: Path, written: str, said: str) -> None:
    name = own(tmp_path, written)
    (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
    with pytest.raises(UserError, match=said) as caught:
        load_profile(name)
    assert f"Profile {name}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_anchors_and_merges_that_a_person_writes_are_read(tmp_path: Path) -> None:
    text = "\ufeffextends: demo\nparams:\n  silver/groups: &same {most_size: 7}\n  silver/quality: {}\n"
    assert value(load_profile(own(tmp_path, text)), GROUPS, "most_size") == 7
    merged = "params:\n  silver/groups: {<<: {most_size: 7, least_size: 3}, most_size: 6}\n"
    profile = load_profile(own(tmp_path, merged))
    assert (value(profile, GROUPS, "most_size"), value(profile, GROUPS, "least_size")) == (6, 3)
    twice = "params:\n  silver/groups: {<<: {most_size: 7}, <<: {least_size: 3}}\n"
    assert value(load_profile(own(tmp_path, twice)), GROUPS, "least_size") == 3


def test_a_file_overrides_what_it_extends_stage_by_stage_and_field_by_field(tmp_path: Path) -> None:
    name = own(
        tmp_path,
        "extends: demo\nparams:\n  silver/groups: {similarity_floor: 0.5}\n  gold/distilled: {limits: {support: 0.8}}\n",
    )
    profile, demo = load_profile(name), load_profile("demo")
    assert (profile.name, profile.summary, profile.offline, profile.gpu) == (name, demo.summary, True, False)
    assert value(profile, GROUPS, "similarity_floor") == 0.5
    assert value(profile, GROUPS, "most_size") == value(demo, GROUPS, "most_size") == 8
    assert value(profile, "gold/training_set", "budget") == 400
    assert value(profile, "gold/distilled", "limits").support == 0.8  # pyright: ignore[reportAttributeAccessIssue]


def test_a_file_extends_another_file_beside_it_and_is_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "more").mkdir()
    own(tmp_path, "summary: base\nextends: gpu\nparams: {silver/groups: {most_size: 9, least_size: 3}}\n", "base.yaml")
    own(tmp_path / "more", "extends: ../base.yaml\nparams: {silver/groups: {most_size: 7}}\n", "top.yml")
    monkeypatch.chdir(tmp_path)
    profile = load_profile("more/top.yml")
    assert profile.name == str(tmp_path / "more" / "top.yml")
    assert (profile.summary, profile.gpu) == ("base", True)
    assert (value(profile, GROUPS, "most_size"), value(profile, GROUPS, "least_size")) == (7, 3)
    monkeypatch.chdir("/")
    assert load_profile(profile.name) == profile


def test_a_recipe_may_lie_beside_the_profile_that_names_it(tmp_path: Path) -> None:
    own(tmp_path, load_text("sft", "demo") + "seed_of_nothing: 1\n", "broken.yaml")
    own(tmp_path, load_text("sft", "demo").replace("1.0e-3", "5.0e-4"), "mine.yaml")
    profile = load_profile(own(tmp_path, "extends: demo\nparams: {models/distiller_sft: {recipe: mine.yaml}}\n"))
    recipe = value(profile, "models/distiller_sft", "recipe")
    assert (recipe.name, recipe.learning_rate) == ("mine", 0.0005)  # pyright: ignore[reportAttributeAccessIssue]
    for name, said in (("absent.yaml", "there is no sft recipe"), ("broken.yaml", "there is no field seed_of_nothing")):
        file = own(tmp_path, f"params: {{models/distiller_sft: {{recipe: {name}}}}}\n")
        with pytest.raises(UserError, match=f"Profile {file}, stage models/distiller_sft: recipe.*{said}"):
            load_profile(file)


def load_text(stage: str, name: str) -> str:
    from lake.settings import shipped

    return (shipped("recipes") / stage / f"{name}.yaml").read_text()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "bogus",
            "There is no profile 'bogus': there are cpu, demo, gpu, gpu-embedded, paper, scale; a file is .* ./my.yaml",
        ),
        ("absent.yaml", "There is no profile 'absent.yaml': .*/absent.yaml is no file"),
        ("knows_none.yaml", "Profile .*/knows_none.yaml: extends names 'bogus': there are cpu, demo"),
        ("lost.yaml", "Profile .*/lost.yaml: extends names 'away.yaml': .*/away.yaml is no file"),
        ("a.yaml", "Profile .*/a.yaml extends itself: .*/a.yaml -> .*/b.yaml -> .*/a.yaml"),
        ("on_wrong.yaml", "Profile .*/wrong.yaml, stage silver/groups: field most_size has the value 0: .*equal to 2"),
        ("no_stage.yaml", "Profile .*/no_stage.yaml: there is no stage 'silver/bogus': there are bronze/instructions"),
        ("no_text.yaml", "Profile .*/no_text.yaml: .* cannot be read"),
        ("no_yaml.yaml", "Profile .*/no_yaml.yaml: no_yaml.yaml is not YAML"),
    ],
)
def test_a_file_that_cannot_be_followed_gets_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    own(tmp_path, "extends: bogus\n", "knows_none.yaml")
    own(tmp_path, "extends: away.yaml\n", "lost.yaml")
    own(tmp_path, "extends: b.yaml\n", "a.yaml")
    own(tmp_path, "extends: a.yaml\n", "b.yaml")
    own(tmp_path, "params: {silver/groups: {most_size: 0}}\n", "wrong.yaml")
    own(tmp_path, "extends: wrong.yaml\n", "on_wrong.yaml")
    own(tmp_path, "params: {silver/bogus: {}}\n", "no_stage.yaml")
    own(tmp_path, "params: {silver/groups: {\n", "no_yaml.yaml")
    (tmp_path / "no_text.yaml").write_bytes(b"\xff\xfe\x00")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=said) as caught:
        load_profile(name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["cpu", "demo", "gpu-embedded"])
def test_a_profile_that_needs_no_hub_trains_the_model_in_the_box_and_names_no_other(name: str) -> None:
    profile = load_profile(name)
    assert profile.offline
    assert value(profile, "models/distiller_sft", "recipe").base == "embedded"  # pyright: ignore[reportAttributeAccessIssue]
    for stage in STAGES.values():
        engines = (getattr(profile.params_of(stage), field, None) for field in ("engine", "challenger", "champion"))
        assert {engine.model for engine in engines if engine} <= {""}

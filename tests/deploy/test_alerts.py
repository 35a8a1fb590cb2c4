"""The alerts are rules that Prometheus takes, and each sounds where it should and nowhere else."""

import re
import subprocess

from tests.deploy.layout import DEPLOY, needs, program

pytestmark = needs("promtool")
FOLDER = DEPLOY / "prometheus"


def promtool(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([program("promtool"), *arguments], cwd=FOLDER, capture_output=True, text=True)


def alerts() -> list[str]:
    return re.findall(r"^ +- alert: (\w+)$", (FOLDER / "alerts.yml").read_text(), re.MULTILINE)


def test_the_rules_are_well_formed() -> None:
    done = promtool("check", "rules", "alerts.yml")
    assert done.returncode == 0 and f"{len(alerts())} rules found" in done.stdout, done.stdout + done.stderr
    assert promtool("check", "config", "prometheus.yml").returncode == 0


def test_each_alert_sounds_and_is_silent_in_a_story_of_its_own() -> None:
    stories = (FOLDER / "alerts_test.yml").read_text()
    for name in alerts():
        assert f"name: {name} sounds" in stories and f"name: {name} is silent" in stories
    done = promtool("test", "rules", "alerts_test.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_says_what_it_means_and_what_to_do() -> None:
    text = (FOLDER / "alerts.yml").read_text()
    assert len(alerts()) == len(set(alerts())) == text.count("summary: ") == text.count("action: >-")
    assert set(re.findall(r"severity: (\w+)", text)) == {"page", "ticket"}

"""How property tests run here: failures print how to run them again, what they learn lies under build/."""

from hypothesis import HealthCheck, configuration, settings

from infra.page import ROOT


def load_profile() -> None:
    configuration.set_hypothesis_home_dir(ROOT / "build" / "hypothesis")
    settings.register_profile(
        "house", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("house")

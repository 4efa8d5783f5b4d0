"""The collector of cycles leaves alone what lasts."""

import gc

from glassformer.cli.lasting import lasting


def test_what_lasts_is_not_looked_through() -> None:
    gc.collect()
    try:
        with lasting():
            assert not gc.isenabled()
            kept = [[] for _ in range(1000)]
        assert gc.isenabled()
        assert gc.get_freeze_count() >= len(kept)
        assert not any(one is kept for one in gc.get_objects())
    finally:
        gc.unfreeze()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with lasting():
            pass
        assert not gc.isenabled()
    finally:
        gc.unfreeze()
        gc.enable()

from obs_dagster.profile.loops import kernels
from obs_dagster.warm_up import warm_up


def test_every_loop_is_compiled():
    warm_up()
    loops = {name: each for name, each in vars(kernels).items() if hasattr(each, "signatures")}
    # they are part of the others
    del loops["missing"], loops["piece_of"], loops["tail_bin"], loops["near_place"]
    assert len(loops) == 8
    assert [name for name, loop in loops.items() if not loop.signatures] == []

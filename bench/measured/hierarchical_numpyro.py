"""Shares of small segments by a hierarchical model and NUTS, with NumPyro; in an environment of its own."""

from __future__ import annotations

from bench.clock import Clock, run


def shrink(parts: list[int], rows: list[int], seed: int, draws: int = 1_000) -> None:
    """Draw the shares of segments, of a beta distribution that all of them have in common."""
    clock = Clock()
    with clock.importing():
        import jax  # type: ignore[import-not-found]  # in an environment of its own
        import numpy as np
        import numpyro  # type: ignore[import-not-found]
        import numpyro.distributions as dist  # type: ignore[import-not-found]
        from numpyro.infer import MCMC, NUTS  # type: ignore[import-not-found]

    def model(rows: object, parts: object) -> None:
        share = numpyro.sample("share", dist.Beta(1.0, 1.0))
        worth = numpyro.sample("worth", dist.HalfCauchy(100.0))
        with numpyro.plate("segments", len(rows)):  # type: ignore[arg-type]
            each = numpyro.sample("each", dist.Beta(share * worth, (1 - share) * worth))
            numpyro.sample("parts", dist.Binomial(rows, each), obs=parts)

    with clock.phase("nuts"):
        sampler = MCMC(NUTS(model), num_warmup=draws, num_samples=draws, progress_bar=False)
        sampler.run(jax.random.PRNGKey(seed), np.array(rows), np.array(parts))
        each = np.asarray(sampler.get_samples()["each"])
    low, high = np.quantile(each, [0.025, 0.975], axis=0)
    clock.report(mean=each.mean(axis=0).tolist(), low=low.tolist(), high=high.tolist())


if __name__ == "__main__":
    run(shrink)

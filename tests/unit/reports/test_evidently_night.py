from obs_dagster.reports.evidently_night import evidently_pages


def test_a_log_may_have_columns_that_are_called_label_or_score(small, day):
    world = small(
        logs={
            "source": "parquet",
            "path": "logs/{day}.*",
            "columns": {"prediction_id": "id", "time": "at", "version": "model", "score": "p_late"},
        }
    )
    rows = world.rows(day)
    world.train("1")
    training = world.rows(day, 600, seed=7).rename(columns={"score": "p_late"})
    world.write("training/1.parquet", training)
    # what the application wrote beside, under names that the report uses
    logged = rows.rename(columns={"score": "p_late"}).assign(label="seen", score="high", prediction_note="x")
    world.log(day, logged)
    world.labels("a.parquet", rows, day=day)
    world.night(day)
    pages = evidently_pages(world.monitor, day, "1", world.lake)
    assert set(pages) == {"evidently_drift.html", "evidently_classification.html"}

"""The run over weeks: failures, spares, checkpoints, restarts, and the storage behind them."""

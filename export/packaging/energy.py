"""What a training run used, estimated from its time: nothing here meters a machine."""

from __future__ import annotations

from typing import Any

WATTS_OF_CORE = 8.0
"""Assumed power of a busy core."""

WATTS_OF_REST = 4.0
"""Assumed power of memory and board."""

KG_CO2E_PER_KWH = 0.4
"""Assumed carbon intensity of the grid, near the world's mean."""

_JOULES_PER_KWH = 3.6e6


def energy_table(seconds: float, cores: int) -> dict[str, Any]:
    """Return power (W), energy (kWh) and emissions (kg CO2e) with the formula they are from."""
    watts = cores * WATTS_OF_CORE + WATTS_OF_REST
    kwh = watts * seconds / _JOULES_PER_KWH
    return {
        "watts": round(watts),
        "kwh": round(kwh, 4),
        "kg_co2e": round(kwh * KG_CO2E_PER_KWH, 4),
        "formula": (
            f"{cores} cores x {WATTS_OF_CORE:.0f} W + {WATTS_OF_REST:.0f} W for the rest, "
            f"x hours, x {KG_CO2E_PER_KWH} kg CO2e per kWh"
        ),
    }

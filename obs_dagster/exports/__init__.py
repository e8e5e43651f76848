"""Models' health for the systems that people already watch: current values as samples, and ways out."""

"""From the data and a pretrained encoder to the artifact that the gateway ships. Not imported by the package."""

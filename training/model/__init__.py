"""The network: backbones, head, losses."""

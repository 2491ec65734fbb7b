"""The spiking form of motor cortex: pools of leaky integrate-and-fire neurons that realise a circuit."""

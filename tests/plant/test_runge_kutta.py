import numpy as np

from motorsim.plant.runge_kutta import runge_kutta_step, runge_kutta_vjp


class Decay:
    """dx/dt = -x + u, whose exact solution is known."""

    def derivative(self, state, command):
        return command - state, None

    def derivative_vjp(self, cache, grad):  # noqa: ARG002
        return -grad, grad


def test_one_step_is_the_fourth_order_taylor_polynomial():
    h = 0.3
    after, _ = runge_kutta_step(Decay(), np.ones((1, 1)), (np.zeros((1, 1)),) * 3, h)
    np.testing.assert_allclose(after, 1 - h + h**2 / 2 - h**3 / 6 + h**4 / 24)


def test_a_cubic_command_keeps_fifth_order_accuracy_of_a_step():
    # x' = -x + u with x = t^3 needs u = 3 t^2 + t^3.
    errors = []
    for h in (0.1, 0.05):
        u = [np.full((1, 1), 3 * t**2 + t**3) for t in (0.0, h / 2, h)]
        after, _ = runge_kutta_step(Decay(), np.zeros((1, 1)), tuple(u), h)
        errors.append(abs(after.item() - h**3))
    assert 28 < errors[0] / errors[1] < 36


def test_each_command_gets_its_own_gradient():
    rng = np.random.default_rng(0)
    state, h = rng.normal(size=(1, 1)), 0.2
    commands = tuple(rng.normal(size=(1, 1)) for _ in range(3))
    _, cache = runge_kutta_step(Decay(), state, commands, h)
    to_state, to_commands = runge_kutta_vjp(Decay(), cache, np.ones((1, 1)))
    for which, gradient in enumerate(to_commands):
        moved = [tuple(c + s * (i == which) for i, c in enumerate(commands)) for s in (1e-4, -1e-4)]
        up, down = (runge_kutta_step(Decay(), state, m, h)[0].item() for m in moved)
        np.testing.assert_allclose(gradient.item(), (up - down) / 2e-4, rtol=1e-9)
    up, down = (runge_kutta_step(Decay(), state + s, commands, h)[0].item() for s in (1e-4, -1e-4))
    np.testing.assert_allclose(to_state.item(), (up - down) / 2e-4, rtol=1e-9)

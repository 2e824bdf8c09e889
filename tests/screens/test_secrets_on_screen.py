"""A picture of any screen may be sent to a stranger: no secret is in it but the QR code's own."""

from __future__ import annotations

from screens.widgets.inputs import Field
from tests.screens.driver import at_the_wizard
from tests.screens.test_keypair import choose
from tests.support.machine import PASSPHRASE, Machine

KEY = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"


def squeezed(svg: str) -> str:
    return svg.replace("&#160;", "").replace(" ", "").lower()


async def test_no_picture_of_any_screen_holds_a_secret(machine: Machine) -> None:
    secrets = [PASSPHRASE.reveal(), KEY]
    shown = 0

    async with at_the_wizard(machine) as technician:

        def look() -> None:
            nonlocal shown
            shown += 1
            picture = squeezed(technician.app.export_screenshot())
            for secret in secrets:
                assert squeezed(secret) not in picture, f"a secret is seen on {technician.place}"
                assert squeezed(secret)[:16] not in picture

        await technician.go_on_to("KeypairScreen")
        await choose(technician, "i")
        await technician.fill("#private-key", KEY)
        await technician.fill("#passphrase", PASSPHRASE.reveal())
        look()
        await technician.passphrase()
        await technician.until(lambda: technician.place == "ConsentScreen")
        look()
        await technician.press("enter")
        await technician.on("BackupScreen")
        look()
        await technician.go_on_to("EnrolmentScreen")
        await technician.until(lambda: technician.app.engine.enrolment, "the code")
        enrolment = technician.app.engine.enrolment
        assert enrolment is not None
        await technician.press("f1")
        look()
        await technician.press("escape")
        secrets.append(enrolment.secret.reveal())
        for screen in ("ConfirmationScreen", "FundingScreen", "RegistrationScreen"):
            await technician.go_on_to(screen)
            look()
        await technician.go_on_to("MachineNftScreen")
        look()
        await technician.go_on_to("ReceiptScreen")
        look()
        fields = [field.value for s in technician.app.screen_stack for field in s.query(Field)]
        assert not set(fields) & set(secrets)
    assert shown == 9

"""Workflows to judge: what a careful repository has, and for each rule what it says and what it must not."""

SHA = "0123456789abcdef0123456789abcdef01234567"

SAFE = f"""\
name: checks
on:
  push:
    branches: [main]
  pull_request:
permissions:
  contents: read
env:
  PINNED: "{SHA}"
  ACTIONS_ALLOW_UNSECURE_COMMANDS: false
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@{SHA} # v5
        with:
          persist-credentials: false
      - uses: ./.github/actions/setup
      - name: Test
        env:
          TITLE: ${{{{ github.event.pull_request.title }}}}
          TOKEN: ${{{{ secrets.REGISTRY_TOKEN }}}}
        run: |
          echo "$TITLE"
          echo "${{{{ github.sha }}}} ${{{{ github.event.pull_request.number }}}} ${{{{ matrix.python }}}}"
          curl --header "Authorization: Bearer $TOKEN" https://registry.example
  release:
    if: github.event_name == 'push'
    needs: test
    permissions:
      contents: write
      id-token: write
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@{SHA}
        with:
          persist-credentials: false
      - uses: docker://ghcr.io/acme/release@sha256:{SHA}{SHA[:24]}
      - run: make release
  shared:
    uses: acme/workflows/.github/workflows/lint.yml@{SHA}
    permissions: {{}}
    secrets:
      token: ${{{{ secrets.LINT_TOKEN }}}}
"""


def with_step(step: str, *, on: str = "push", top: str = "permissions: {contents: read}") -> str:
    """Return a workflow with one job and one step, which starts on line 7."""
    indented = "\n".join("        " + line for line in step.splitlines())
    return f"on: {on}\n{top}\njobs:\n  job:\n    runs-on: ubuntu-latest\n    steps:\n      -{indented[7:]}\n"


def with_run(script: str, **more: str) -> str:
    """Return a workflow with one script, whose first line is line 8."""
    return with_step("run: |\n" + "\n".join("  " + line for line in script.splitlines()), **more)

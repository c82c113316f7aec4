# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# What to do here is a make target; what it does is Ansible and tox. Needs Linux, Git, make and Python 3.11 or newer.

PYTHON ?= python3
SANDBOX ?= default
STAGES := infra kubespray gpu argocd secrets gitops-apps
FROM ?= infra

LINK := .collections/ansible_collections/ai_how/cloud
# Not the script ansible-playbook: in a folder with unusual characters it does not start.
PLAYBOOK := .venv/bin/python -m ansible playbook
DEMO := -e @playbooks/vars/demo.yml -e sandbox_name=$(SANDBOX)

.DEFAULT_GOAL := help
.PHONY: help demo sync demo-down cloud-cluster-deploy test clean
.DELETE_ON_ERROR:

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 30
	@echo
	@echo "  SANDBOX=name        another sandbox than 'default'; several can stand side by side"
	@echo "  CLUSTER=file.yaml   a cluster file, with VARS=file.yml, variables of the roles, and FROM=stage, where to begin"
	@echo "  PYTHON=python3.13   another Python than python3"

demo: .venv/ansible.stamp $(LINK)  ## Kubernetes and Argo CD on this machine, and applications by GitOps
	$(PLAYBOOK) ai_how.cloud.sandbox $(DEMO)
	$(PLAYBOOK) ai_how.cloud.gitops_init ai_how.cloud.seal_credentials $(DEMO)
	$(PLAYBOOK) ai_how.cloud.runtime --tags gitops-apps $(DEMO)
	$(PLAYBOOK) ai_how.cloud.mlflow_check $(DEMO)
	@dir="$${XDG_STATE_HOME:-$$HOME/.local/state}/ai_how.cloud/sandbox/$(SANDBOX)" && \
	argocd=$$(sed -n 's/.*"argocd-server": *\([0-9]*\).*/\1/p' "$$dir/ports.json") && \
	sed -e 's|SANDBOX_NAME|$(SANDBOX)|' -e 's|CHECKOUT|$(CURDIR)|' -e "s|CACHE_DIR|$${XDG_CACHE_HOME:-$$HOME/.cache}/ai_how.cloud|" \
	  -e "s|SANDBOX_DIR|$$dir|" -e "s|ARGOCD_PORT|$$argocd|" docs/try-next.txt

sync: .venv/ansible.stamp $(LINK)  ## bring what was pushed to the sandbox live now, and wait for it
	$(PLAYBOOK) ai_how.cloud.runtime --tags gitops-apps $(DEMO)

demo-down: .venv/ansible.stamp $(LINK)  ## end the sandbox of make demo and delete its files
	$(PLAYBOOK) ai_how.cloud.sandbox -e sandbox_state=absent -e sandbox_name=$(SANDBOX)

cloud-cluster-deploy: .venv/ansible.stamp $(LINK)  ## from a cluster file to its applications: make cloud-cluster-deploy CLUSTER=... VARS=...
	@test -f "$(CLUSTER)" || { echo "CLUSTER=$(CLUSTER) is not a file. Name the cluster file: make $@ CLUSTER=cloud-cluster.yaml" >&2; exit 1; }
	@case " $(STAGES) " in *" $(FROM) "*) ;; *) echo "FROM=$(FROM) is no stage. It is one of: $(STAGES)" >&2; exit 1;; esac
	@skipped=$$(echo "$(STAGES)" | sed 's/$(FROM).*//; s/ *$$//; s/ /,/g') && \
	$(PLAYBOOK) ai_how.cloud.runtime -i "$(CLUSTER)" $(if $(VARS),-e @"$(VARS)") $${skipped:+--skip-tags "$$skipped"} || { \
	  echo "Mend it and run the same again: it goes on, and what is done is not done again." >&2; exit 1; }

test: .venv/tox.stamp $(LINK)  ## all tests that this user and machine can run
	@.venv/bin/python tests/support/stages.py

clean:  ## delete what make and tox made in this directory (sandboxes stay: make demo-down)
	rm -rf .venv .tox .collections .ansible .mypy_cache .pytest_cache .ruff_cache .coverage

$(LINK):
	@mkdir -p $(@D)
	@ln -s ../../.. $@

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "$(PYTHON) is not Python 3.11 or newer. Name one that is: make PYTHON=python3.13" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/ansible.stamp: requirements.txt meta/ee-requirements.txt | .venv/bin/python
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/tox.stamp: requirements-dev.txt | .venv/bin/python
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

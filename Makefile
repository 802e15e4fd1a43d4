# The commands of this repository. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Rows of the benchmark's topic, and which of its parts to run (see bench/README.md).
ROWS ?= 5000000
PARTS ?= all

ARGS ?=

.PHONY: help setup build demo test conformance fuzz tidy fmt fmt-check clippy bench oracle kafka-up kafka-down

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1|/' | column -t -s '|'

setup: ## install what a bare Debian or Ubuntu lacks, or say what to install
	@.ci/setup

build: setup ## build everything (one profile for all uses)
	@.ci/say-wait
	cargo build --workspace

demo: setup ## build, start a node, load real data, show some calls, stay up
	@.ci/say-wait
	@demo/demo.sh

test: setup ## the gate: tidy, fmt, clippy, and every test, those on a real Kafka included
	@.ci/test

conformance: ## run ksqlDB's own cases, where they are at hand (ARGS="--file joins --case outer --verbose")
	@cargo run --quiet -p lentic-testkit --bin conformance -- $(ARGS)

fuzz: ## feed the parser of SQL with random texts (SECONDS_PER_RUN=60; needs a nightly compiler)
	@fuzz/run.sh

tidy: ## check the rules of ARCHITECTURE.md
	cargo xtask tidy

fmt: ## format the code
	cargo fmt --all

fmt-check: ## check the format
	cargo fmt --all --check

clippy: setup ## lint with denied warnings
	@.ci/say-wait
	cargo clippy --workspace --all-targets -- -D warnings

bench: setup ## measure against the contenders (ROWS=5000000 PARTS=all)
	@.ci/say-wait
	@ROWS=$(ROWS) PARTS="$(PARTS)" bench/run.sh

oracle: setup ## regenerate the golden traces of tests/oracle with Kafka Streams
	@tests/oracle/run.sh all

kafka-up: setup ## start Apache Kafka on the loopback interface
	@kafka/kafka.sh up

kafka-down: ## stop it
	@kafka/kafka.sh down

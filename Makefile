# The short commands. The build itself is meson's: see meson.build.
#
#   make run ARGS="--listen 127.0.0.1:9000"     further arguments of "connectord serve"
#   make test STAGES="unit asan"                some stages of scripts/run_tests.sh
#   make format FILES="src/json/reader.c"       some files only
#   make build WERROR=true                      warnings are errors, as in CI
STAGES ?= unit asan tsan e2e fuzz
FUZZ_SECONDS ?= 30
export FUZZ_SECONDS WERROR

.PHONY: build run test bench dist image deps deps-build format check fuzz clean

# The tests are defined where they can be built: what only builds needs no cmocka.
build: deps-build
	scripts/configure.sh build -Dlto=true -Dtests=$$(pkg-config --exists cmocka && echo true || echo false)
	ninja -C build connectord src/floors.stamp

# Without curl it runs all the same.
run: build
	-@scripts/deps.sh run
	exec build/connectord serve --seed demo --hello $(ARGS)

test: deps
	scripts/run_tests.sh $(STAGES)

bench: build
	scripts/deps.sh bench
	bench/run $(ARGS)

dist: build
	scripts/dist.sh

image: build
	@scripts/deps.sh image
	python3 scripts/image.py

deps:
	scripts/deps.sh build test

deps-build:
	@scripts/deps.sh build

format:
	scripts/check_format.sh --fix $(FILES)

check:
	scripts/check_format.sh
	python3 scripts/check_floors.py src/FLOORS
	python3 scripts/scripts_test.py

fuzz: deps
	scripts/run_tests.sh fuzz

clean:
	rm -rf build build-asan build-tsan build-fuzz build-clang build-tests

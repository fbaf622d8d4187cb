# The short commands; see README.md for what each leaves behind.
.PHONY: build
build:
	@test -f build/build.ninja || meson setup build
	ninja -C build

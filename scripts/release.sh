# Sourced by everything that builds the release binary: the same flags everywhere, so that nothing is built twice.
# The Swift runtime is linked in, so that the binary runs where no toolchain is; exclusivity is checked by the debug
# build that all tests run on.
release=(-c release --product tollgate --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked)

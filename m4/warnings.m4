dnl SPDX-License-Identifier: Apache-2.0
dnl MONITOR_WARNINGS: the one place for compiler flags. --enable-werror makes warnings fatal (CI does).
AC_DEFUN([MONITOR_WARNINGS], [
	AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [treat compiler warnings as errors])])
	MONITOR_CFLAGS=
	for flag in -std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
		-Wwrite-strings -Wvla -Wimplicit-fallthrough -Wno-unused-parameter -fno-strict-aliasing \
		-fstack-protector-strong -fvisibility=hidden; do
		AC_MSG_CHECKING([whether $CC takes $flag])
		saved_CFLAGS=$CFLAGS
		CFLAGS="$CFLAGS -Werror $flag"
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
			[AC_MSG_RESULT([yes]); MONITOR_CFLAGS="$MONITOR_CFLAGS $flag"], [AC_MSG_RESULT([no])])
		CFLAGS=$saved_CFLAGS
	done
	AS_IF([test "x$enable_werror" = xyes], [MONITOR_CFLAGS="$MONITOR_CFLAGS -Werror"])
	AC_SUBST([MONITOR_CFLAGS])
])

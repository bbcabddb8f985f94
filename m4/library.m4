dnl SPDX-License-Identifier: Apache-2.0
dnl MONITOR_LIBRARY(NAME, FEATURE, DESCRIPTION): the libraries of NAME_LIBS are opened before their first use, not linked
dnl (src/base/library.h). NAME_SONAMES are the files that the linker would have noted, NAME_NOTE says so to packagers; what is
dnl linked is NAME_LINK. With --disable-dlopen, on processors without stubs and where there is no shared library, that is
dnl NAME_LIBS and the other two are not defined.
AC_DEFUN([MONITOR_NEEDED],
	[LC_ALL=C $READELF -d conftest$EXEEXT 2>/dev/null | $AWK '/\(NEEDED\)/ { print substr([$]NF, 2, length([$]NF) - 2) }'])
AC_DEFUN([MONITOR_LIBRARY], [
	monitor_files=
	monitor_names=
	monitor_note=
	AC_MSG_CHECKING([whether $1 is opened at its first use])
	AS_IF([test "x$enable_dlopen" != xno], [
		monitor_saved_LIBS=$LIBS
		AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [monitor_plain=" `MONITOR_NEEDED | tr '\n' ' '`"])
		LIBS="-Wl,--no-as-needed $$1_LIBS $LIBS"
		AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [monitor_files=`MONITOR_NEEDED`])
		LIBS=$monitor_saved_LIBS
		for file in $monitor_files; do
			case $monitor_plain in
			*" $file "*) continue ;;
			esac
			monitor_names="$monitor_names${monitor_names:+, }\"$file\""
			monitor_note="$monitor_note${monitor_note:+,}"'{\"feature\":\"$2\",\"description\":\"$3\",\"priority\":\"recommended\",\"soname\":@<:@\"'$file'\"@:>@}'
		done])
	AS_IF([test -n "$monitor_names"],
		[AC_MSG_RESULT([yes: $monitor_names])
		 AC_DEFINE_UNQUOTED([$1_SONAMES], [$monitor_names], [files of the libraries that are opened, not linked])
		 AC_DEFINE_UNQUOTED([$1_NOTE], ["@<:@$monitor_note@:>@"], [and what packagers are told of them])
		 $1_LINK=],
		[AC_MSG_RESULT([no, it is linked])
		 $1_LINK=$$1_LIBS])
	AC_SUBST([$1_LINK])
])
dnl MONITOR_DLOPEN: whether that can be done; goes before the first.
AC_DEFUN([MONITOR_DLOPEN], [
	AC_ARG_ENABLE([dlopen],
		[AS_HELP_STRING([--disable-dlopen], [link with the libraries of rarely used parts instead of opening them at their first use])],
		[], [enable_dlopen=yes])
	AC_CHECK_TOOL([READELF], [readelf], [no])
	AC_SEARCH_LIBS([dlopen], [dl])
	AS_CASE([$host_cpu], [x86_64|aarch64], [], [enable_dlopen=no])
	AS_IF([test "x$READELF" = xno], [enable_dlopen=no])
])

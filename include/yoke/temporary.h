/* Values that live until the end of the statement in which they are written,
 * for macros that take options by name, lists and the like. C has compound
 * literals for that; C++ has none whose address may be taken, so there a
 * temporary object stands in. Nobody calls what is in here directly.
 *
 * In C++ (from C++20 on) options are named in the order in which the header
 * declares them:
 *
 *     yoke_app_listen(app, .port = 8080, .host = "127.0.0.1"); */
#ifndef YOKE_TEMPORARY_H
#define YOKE_TEMPORARY_H

#ifdef __cplusplus

#    include <stddef.h>

/* In options most fields are left out, which g++ would warn of under -Wextra,
 * field by field. It does not where a macro is a system header's. */
#    pragma GCC system_header

extern "C++" {
template <class type> inline const type *yoke_temporary_(const type &value)
{
    return &value;
}
template <class type, size_t count>
inline const type *yoke_temporary_array_(const type (&items)[count])
{
    return items;
}
}

#    define YOKE_VALUE_(type, ...) (type{__VA_ARGS__})
#    define YOKE_OPTIONS_(type, ...)                                           \
        (yoke_temporary_<type>(YOKE_VALUE_(type, __VA_ARGS__)))
#    define YOKE_STRUCTS_(type, ...)                                           \
        (yoke_temporary_array_<type>({__VA_ARGS__}))
#    define YOKE_TEXTS_(...)                                                   \
        (yoke_temporary_array_<const char *>({__VA_ARGS__}))

#else

/* A structure of that name. */
#    define YOKE_VALUE_(type, ...) ((struct type){__VA_ARGS__})

/* The address of one whose members are named; `reserved_` keeps compilers from
 * warning of those that are left out. */
#    define YOKE_OPTIONS_(type, ...)                                           \
        (&(const struct type){.reserved_ = 0, __VA_ARGS__})

/* An array of structures, and one of texts. */
#    define YOKE_STRUCTS_(type, ...) ((const struct type[]){__VA_ARGS__})
#    define YOKE_TEXTS_(...)         ((const char *const[]){__VA_ARGS__})

#endif

#endif

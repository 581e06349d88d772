/* A shared library that the extension needs. */
int number(void);

__attribute__((visibility("default"))) int number(void)
{
    return 42;
}

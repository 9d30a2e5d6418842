<?xml version="1.0"?>
<CHANNEL HREF="https://cdf.example/" LASTMOD="1998-11-05T10:00">
  <TITLE>Invented channel</TITLE>
  <ABSTRACT>Of an old kind</ABSTRACT>
  <LOGO HREF="https://cdf.example/logo.gif" STYLE="image"/>
  <ITEM HREF="https://cdf.example/1" LASTMOD="1999-11-05T10:00"><TITLE>First</TITLE><ABSTRACT>About the first</ABSTRACT></ITEM>
  <ITEM HREF="https://cdf.example/2"/>
  <CHANNEL HREF="https://cdf.example/inner/">
    <TITLE>Inner channel</TITLE>
    <ITEM><A HREF="https://cdf.example/inner/3"/><TITLE>Third</TITLE><LOGO HREF="https://cdf.example/3.gif" STYLE="icon"/></ITEM>
  </CHANNEL>
  <ITEM HREF="https://cdf.example/4"><TITLE>Fourth</TITLE></ITEM>
</CHANNEL>
